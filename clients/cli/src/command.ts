import { type Command, Option } from "commander";
import type { ExitCode } from "./errors.ts";
import { FORMATS } from "./output/printer.ts";
import type { CommonOptions, Run } from "./run.ts";
import { DEFAULT_TARGET } from "./settings/connection.ts";

/** One command of the program. `Options` are its own, as commander names them. */
export interface CommandSpec<Options> {
  /** Its name and arguments: `ls [QUEUE]`. */
  readonly usage: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** Further lines of its help. */
  readonly details?: string;
  /** Whether the name of its parent alone runs it. */
  readonly isDefault?: boolean;
  /** Command lines with what they do. */
  readonly examples: readonly (readonly [line: string, purpose: string])[];
  /** Adds its own options. */
  readonly options?: (command: Command) => void;
  /** Runs it. `args` are its arguments in order. Returns the exit code, by default 0. */
  readonly run: (
    run: Run,
    options: Options & CommonOptions,
    args: readonly string[],
  ) => Promise<ExitCode | undefined>;
}

/** Does the work of a command in a run, which ends with it. */
export type WithRun = (
  options: CommonOptions,
  work: (run: Run) => Promise<ExitCode | undefined>,
) => Promise<void>;

/** Adds a command below `parent`. */
export function addCommand<Options>(
  parent: Command,
  withRun: WithRun,
  spec: CommandSpec<Options>,
): Command {
  const command = parent
    .command(spec.usage, { isDefault: spec.isDefault === true })
    .summary(spec.summary);
  const details = spec.details === undefined ? "" : `\n\n${spec.details}`;
  command.description(`${spec.summary}.${details}`);
  spec.options?.(command);
  addCommonOptions(command);
  command.addHelpText("after", examplesText(spec.examples));
  command.action(async () => {
    const options = command.optsWithGlobals<Options & CommonOptions>();
    await withRun(options, (run) => spec.run(run, options, command.args));
  });
  return command;
}

/** Options that the program accepts before and after the name of a command. */
export function addCommonOptions(command: Command): void {
  const group = "Options of all commands:";
  const options = [
    new Option(
      "-o, --output <format>",
      "how to print results; json has the service's answers",
    ).choices([...FORMATS]),
    new Option(
      "--target <address>",
      `HOST:PORT of the server, or https://HOST:PORT [${DEFAULT_TARGET}]`,
    ),
    new Option(
      "--token <token>",
      "bearer token; other users of the machine can see it: prefer DLQ_TOKEN",
    ),
    new Option("--token-file <file>", "file with the token"),
    new Option("--tls-ca <file>", "PEM file with the certificate of the server's authority"),
    new Option("--context <name>", "context of the config file, see `dlq context`"),
    new Option("--timeout <duration>", "time limit of each call [15s]"),
  ];
  for (const option of options) command.addOption(option.helpGroup(group));
}

export function examplesText(examples: CommandSpec<unknown>["examples"]): string {
  if (examples.length === 0) return "";
  const lines = examples.map(([line, purpose]) => `  # ${purpose}\n  ${line}`);
  return `\nExamples:\n${lines.join("\n")}`;
}

/** Help of the argument `[queue]`. */
export const QUEUE_HELP =
  "QUEUE is a queue, or a pattern in which * stands for any characters; by default all queues.";
/** Help of the argument `[queues...]`. */
export const QUEUES_HELP =
  "QUEUES are queues, or patterns in which * stands for any characters; by default all queues.";

/** Collects the values of an option that may be repeated or have a list: `--state a,b`. */
export function listOption(text: string, previous: readonly string[] | undefined): string[] {
  const values = text.split(",").map((value) => value.trim());
  return [...(previous ?? []), ...values.filter((value) => value !== "")];
}

/** Collects the values of an option that may be repeated. */
export function repeatedOption(text: string, previous: readonly string[] | undefined): string[] {
  return [...(previous ?? []), text];
}
