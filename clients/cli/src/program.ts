import { Command } from "commander";
import { addCommonOptions, examplesText, type WithRun } from "./command.ts";
import { addActions } from "./commands/actions.ts";
import { addChecks } from "./commands/checks.ts";
import { addCompletion } from "./commands/completion.ts";
import { addInspection } from "./commands/inspection.ts";
import { addServerCommands } from "./commands/server-program.ts";
import { addTransfers } from "./commands/transfers.ts";
import { EXIT, EXIT_MEANINGS } from "./errors.ts";
import type { Io } from "./io.ts";
import { styleFor } from "./output/style.ts";
import { VERSION } from "./version.ts";

const exitCodes = Object.entries(EXIT_MEANINGS).map(
  ([name, meaning]) => `  ${String(EXIT[name as keyof typeof EXIT]).padEnd(4)} ${meaning}`,
);
const EXIT_CODES = ["Exit codes:", ...exitCodes].join("\n");

/** Builds the program with all its commands. */
export function createProgram(io: Io, withRun: WithRun): Command {
  const program = new Command("dlq");
  const style = styleFor(io.stdout, io.env);
  program
    .description("Looks at dead letters, finds out why they wait, and retries them.")
    .version(VERSION, "-V, --version", "print the version of this program")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, "dlq: ")),
      getOutHelpWidth: () => Math.min(110, io.stdout.columns || 100),
      getErrHelpWidth: () => Math.min(110, io.stderr.columns || 100),
      // The style below has colors or none.
      getOutHasColors: () => true,
      getErrHasColors: () => true,
    })
    .configureHelp({
      subcommandTerm: (command) => command.name(),
      styleTitle: (title) => style.heading(title),
      styleCommandText: (text) => style.strong(text),
    })
    .showHelpAfterError("  --help after a command lists its options");
  addCommonOptions(program);
  for (const add of [addInspection, addActions, addTransfers, addChecks]) add(program, withRun);
  addCompletion(program, io, withRun);
  addServerCommands(program);
  program.helpCommand("help [command]", "Print the help of a command"); // in the last group
  program.addHelpText(
    "after",
    `${examplesText([
      ["dlq queues", "what is stored, and what moves"],
      ["dlq groups --since 1h", "what failed in the last hour, alike failures together"],
      ["dlq ls orders --state quarantined --since 1h", "what was quarantined in the last hour"],
      ["dlq show 01a21eee-752a-7000-8000-000c64f1d2b3 --payload", "one message with its history"],
    ])}\n\n${EXIT_CODES}`,
  );
  return program;
}
