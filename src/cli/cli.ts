import type { Config } from "../config/config.ts";
import { type ConfigError, didYouMean, formatConfigError } from "../config/config-error.ts";
import { readFlags } from "../config/flags.ts";
import { type LoadResult, loadConfig } from "../config/load.ts";
import { nearest } from "../config/suggest.ts";
import type { OutboxItem } from "../store/contract/outbox.ts";
import { COMMANDS, type CommandName, isCommand, OPERATOR_COMMANDS } from "./commands.ts";
import { configDocs } from "./config-docs.ts";
import { createToken } from "./create-token.ts";
import { commandHelp, generalHelp } from "./help.ts";
import { inForce } from "./in-force.ts";
import type { CliIo } from "./io.ts";
import { textWidth } from "./layout.ts";
import { jsonLine, textLine } from "./outbox-lines.ts";
import { configAsJson, configAsYaml } from "./print-config.ts";
import { styleFor } from "./style.ts";

/** Exit codes. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** What `dlq-server outbox tail` shows. */
export interface TailOptions {
  /** Undefined: all queues. */
  readonly queue: string | undefined;
  /** From the oldest change on. Default: the last 20. */
  readonly all: boolean;
  /** Goes on until the process ends. */
  readonly follow: boolean;
  show(item: OutboxItem): void;
  warn(text: string): void;
}

/** What a backup has. */
export interface BackupSummary {
  /** When it was made: ISO 8601. */
  readonly time: string;
  readonly bytes: number;
}

export interface CliActions {
  /** Runs the server until a signal stops it. Rejects if it cannot start or continue. */
  serve(config: Config): Promise<void>;
  /** Shows state changes until they end, or with `follow` until the process does. Rejects if it cannot read them. */
  tailOutbox(config: Config, options: TailOptions): Promise<void>;
  /** Copies the data of the embedded Redis into a folder. Rejects if that is not possible. */
  backUp(config: Config, folder: string): Promise<BackupSummary>;
  /** Copies a backup into a new data folder. Rejects if that is not possible. */
  restore(config: Config, folder: string): Promise<BackupSummary>;
}

const HELP_FLAGS = ["--help", "-h"];
const VERSION_FLAGS = ["--version", "-V"];
const COMMAND_FLAGS = [
  ...new Set(Object.values(COMMANDS).flatMap((c) => c.switches.map((s) => s.flag))),
];
const SWITCHES = new Set([...HELP_FLAGS, ...VERSION_FLAGS, ...COMMAND_FLAGS]);

/** Runs one command line and returns the exit code. Results go to stdout, errors to stderr. */
export async function runCli(io: CliIo, actions: CliActions): Promise<number> {
  const switches = new Set(io.argv.filter((argument) => SWITCHES.has(argument)));
  const has = (flags: readonly string[]): boolean => flags.some((flag) => switches.has(flag));
  const argv = io.argv.filter((argument) => !SWITCHES.has(argument));
  const [first, second, third, fourth] = readFlags(argv).arguments;

  const command = first?.text ?? "serve";
  if (!isCommand(command)) {
    const wrong = { setting: "command", value: command, problem: "is unknown" };
    return printErrors(io, [{ ...wrong, ...hintFor(command) }]);
  }
  if (has(VERSION_FLAGS)) return printVersion(io);
  if (has(HELP_FLAGS)) return printHelp(io, first === undefined ? undefined : command);
  const misplaced = COMMAND_FLAGS.filter(
    (flag) => switches.has(flag) && !COMMANDS[command].switches.some((s) => s.flag === flag),
  );
  if (misplaced.length > 0) {
    const problem = `is not a flag of dlq-server ${command}`;
    return printErrors(
      io,
      misplaced.map((flag) => ({
        setting: flag,
        problem,
        hint: `it is a flag of ${ownerOf(flag)}`,
      })),
    );
  }

  const settings = argv.filter((_, index) => index !== first?.index);
  switch (command) {
    case "help":
      return printHelp(io, second?.text);
    case "version":
      return printVersion(io);
    case "config":
      return printConfig(io, settings, switches);
    case "token": {
      const flag = argv.find((argument) => argument.startsWith("-"));
      return printToken(io, second?.text ?? "", flag ?? third?.text);
    }
    case "outbox": {
      const [verb, queue, further] = [second, third, fourth];
      if (verb?.text !== "tail") {
        const hint = "dlq-server outbox tail [QUEUE] shows state changes";
        const wrong =
          verb === undefined
            ? { problem: "needs a verb" }
            : { value: verb.text, problem: "is unknown" };
        return printErrors(io, [{ setting: "outbox", ...wrong, hint }]);
      }
      if (further !== undefined) return printUnexpected(io, further.text);
      const names = [first, verb, queue].map((argument) => argument?.index);
      const rest = argv.filter((_, index) => !names.includes(index));
      return tail(io, rest, actions, { queue: queue?.text, switches });
    }
    case "backup":
    case "restore": {
      if (second === undefined) {
        const hint = `dlq-server ${command} ${COMMANDS[command].argument}`;
        return printErrors(io, [
          { setting: command, problem: "needs the folder of a backup", hint },
        ]);
      }
      if (third !== undefined) return printUnexpected(io, third.text);
      const rest = argv.filter((_, index) => index !== first?.index && index !== second.index);
      return run(io, rest, async (config) => {
        const copied = await (command === "backup"
          ? actions.backUp(config, second.text)
          : actions.restore(config, second.text));
        const [what, where] =
          command === "backup" ? ["backup in", second.text] : ["restored into", config.dataDir];
        io.stdout.write(`${what} ${where}: ${copied.bytes} bytes, of ${copied.time}\n`);
      });
    }
    case "serve":
      return run(io, settings, actions.serve);
  }
}

function hintFor(command: string): { hint: string } {
  if (OPERATOR_COMMANDS.has(command)) {
    return { hint: "it is a command of dlq, the operator's command line (clients/cli)" };
  }
  return didYouMean(nearest(command, Object.keys(COMMANDS)), "dlq-server help lists the commands");
}

function ownerOf(flag: string): string {
  const owners = Object.values(COMMANDS).filter(({ switches }) =>
    switches.some((own) => own.flag === flag),
  );
  return owners.map(({ name }) => `dlq-server ${name}`).join(" and ");
}

function tail(
  io: CliIo,
  argv: readonly string[],
  { tailOutbox }: CliActions,
  { queue, switches }: { queue: string | undefined; switches: ReadonlySet<string> },
): Promise<number> {
  const style = styleFor(io.stdout, io.env);
  const line = switches.has("--json") ? jsonLine : textLine;
  const options = {
    queue,
    all: switches.has("--all"),
    follow: switches.has("--follow"),
    show: (item: OutboxItem) => io.stdout.write(`${line(item, style)}\n`),
    warn: (text: string) => io.stderr.write(`dlq-server: ${text}\n`),
  };
  return run(io, argv, (config) => tailOutbox(config, options));
}

/** Runs what needs the configuration. */
async function run(
  io: CliIo,
  argv: readonly string[],
  action: (config: Config) => Promise<void>,
): Promise<number> {
  const loaded = load(io, argv);
  if ("errors" in loaded) return printErrors(io, loaded.errors);
  try {
    await action(loaded.ok);
    return EXIT.ok;
  } catch (error) {
    const verbose = loaded.ok.logLevel === "debug" || loaded.ok.logLevel === "trace";
    const text = error instanceof Error ? error.message : String(error);
    const stack = error instanceof Error && verbose ? `\n${error.stack ?? ""}` : "";
    io.stderr.write(`${styleFor(io.stderr, io.env).error("dlq-server:")} ${text}${stack}\n`);
    return EXIT.failed;
  }
}

function load(io: CliIo, argv: readonly string[]): LoadResult {
  const { env, readFile, readLiveFile, isPublic, hostname, pid } = io;
  return loadConfig({ argv, env, readFile, readLiveFile, isPublic, hostname, pid });
}

function printConfig(io: CliIo, argv: readonly string[], switches: ReadonlySet<string>): number {
  if (switches.has("--docs")) {
    io.stdout.write(configDocs());
    return EXIT.ok;
  }
  const loaded = load(io, argv);
  if ("errors" in loaded) return printErrors(io, loaded.errors);
  const state = inForce(loaded.ok, loaded.origins);
  const { warnings } = loaded.ok;
  io.stdout.write(switches.has("--json") ? configAsJson(state, warnings) : configAsYaml(state));
  for (const warning of warnings) io.stderr.write(`dlq-server: warning: ${warning}\n`);
  return EXIT.ok;
}

function printHelp(io: CliIo, topic: string | undefined): number {
  const style = styleFor(io.stdout, io.env);
  const width = textWidth(io.stdout.columns);
  if (topic === undefined) {
    io.stdout.write(generalHelp(io.version, style, width));
    return EXIT.ok;
  }
  if (!isCommand(topic)) {
    const names: readonly CommandName[] = Object.keys(COMMANDS).filter(isCommand);
    const hint = `commands: ${names.join(", ")}`;
    return printErrors(io, [{ setting: "help", value: topic, problem: "is not a command", hint }]);
  }
  io.stdout.write(commandHelp(COMMANDS[topic], style, width));
  return EXIT.ok;
}

function printToken(io: CliIo, name: string, further: string | undefined): number {
  if (further !== undefined) return printUnexpected(io, further);
  const problem = createToken(io, name);
  return problem === undefined
    ? EXIT.ok
    : printErrors(io, [{ setting: "name", value: name, problem }]);
}

function printUnexpected(io: CliIo, argument: string): number {
  const problem = "is not expected here";
  return printErrors(io, [{ setting: "arguments", value: argument, problem }]);
}

function printVersion(io: CliIo): number {
  io.stdout.write(`dlq-server ${io.version}\n`);
  return EXIT.ok;
}

function printErrors(io: CliIo, errors: readonly ConfigError[]): number {
  const style = styleFor(io.stderr, io.env);
  const count = errors.length === 1 ? "one error" : `${errors.length} errors`;
  const lines = errors.map((error) => `  ${formatConfigError(error)}`);
  io.stderr.write(`${style.error("dlq-server:")} ${count}\n${lines.join("\n")}\n`);
  return EXIT.usage;
}
