import type { Command } from "commander";
import type { WithRun } from "../command.ts";
import { addExport } from "./export.ts";
import { addImport } from "./import.ts";

/** Adds the commands that bring messages into a file and back. */
export function addTransfers(program: Command, withRun: WithRun): void {
  program.commandsGroup("Export and import:");
  for (const add of [addExport, addImport]) add(program, withRun);
}
