import { ALL_SETTINGS } from "../config/given-values.ts";
import { describeFallback, flagOf, GROUPS, type Setting } from "../config/setting.ts";
import { COMMANDS, type Command } from "./commands.ts";
import { columns, wrap } from "./layout.ts";
import type { Style } from "./style.ts";

const ABOUT =
  "dlq-server stores failed messages over gRPC and delivers them again when they are due. Operators look at messages and retry them with another program, dlq (clients/cli).";
const NAMES =
  "Each flag --some-name is also the variable DLQ_SOME_NAME and the YAML key some_name. Flags win over the environment, the environment over the file of --config, and the file over defaults (in brackets).";
const QUEUES =
  "These apply to every queue. In the file they are below defaults:, and below queues: NAME: for one queue, where retry_policy and retry_policies can be set too (docs/reference/configuration.md).";
const EXIT_CODES = "Exit codes: 0 success; 1 failed while running; 2 wrong flags or configuration.";

function settingRow(setting: Setting): { left: string; right: string } {
  const isSwitch = setting.type.placeholder === "BOOL";
  const left = isSwitch ? flagOf(setting) : `${flagOf(setting)} ${setting.type.placeholder}`;
  return { left, right: `${setting.doc} [${describeFallback(setting)}]` };
}

function settingsHelp(style: Style, width: number, shown?: readonly string[]): string[] {
  return GROUPS.flatMap((group) => {
    const isShown = (s: Setting) => shown === undefined || shown.includes(flagOf(s));
    const rows = ALL_SETTINGS.filter((s) => s.group === group && isShown(s)).map(settingRow);
    if (rows.length === 0) return [];
    const intro = group === "Queues" ? wrap(QUEUES, width - 2).map((line) => `  ${line}`) : [];
    return ["", style.heading(group), ...intro, ...columns(rows, width, style.strong)];
  });
}

function examples(commands: readonly Command[], style: Style): string[] {
  const all = commands.flatMap((c) => c.examples);
  if (all.length === 0) return [];
  // The description is a shell comment above the command, so that the command can be copied.
  const lines = all.flatMap((e) => [`  ${style.faint(`# ${e.about}`)}`, `  ${e.line}`]);
  return ["", style.heading("Examples"), ...lines];
}

/** `dlq-server help`: includes all settings, because serve is the default command. */
export function generalHelp(version: string, style: Style, width: number): string {
  const commands = Object.values(COMMANDS);
  const list = commands.map((c) => ({ left: c.name, right: c.summary }));
  const lines = [
    `${style.strong(`dlq-server ${version}`)}`,
    ...wrap(ABOUT, width),
    "",
    "Usage: dlq-server [COMMAND] [FLAGS]",
    "",
    style.heading("Commands"),
    ...columns(list, width, style.strong),
    "",
    ...wrap(NAMES, width),
    ...settingsHelp(style, width),
    ...examples(commands, style),
    "",
    ...wrap(EXIT_CODES, width),
  ];
  return `${lines.join("\n")}\n`;
}

/** `dlq-server help COMMAND`. */
export function commandHelp(command: Command, style: Style, width: number): string {
  const switches = command.switches.map((s) => ({ left: s.flag, right: s.doc }));
  const argument = command.argument === undefined ? "" : ` ${command.argument}`;
  const flags = command.takesSettings ? " [FLAGS]" : "";
  const lines = [
    `Usage: dlq-server ${command.name}${argument}${flags}`,
    "",
    ...wrap(command.summary, width),
    ...command.details.flatMap((paragraph) => ["", ...wrap(paragraph, width)]),
    ...(switches.length > 0
      ? ["", style.heading("Flags of this command"), ...columns(switches, width, style.strong)]
      : []),
    ...(command.takesSettings
      ? ["", ...wrap(NAMES, width), ...settingsHelp(style, width, command.shownFlags)]
      : []),
    ...examples([command], style),
    "",
    ...wrap(EXIT_CODES, width),
  ];
  return `${lines.join("\n")}\n`;
}
