import type { Command } from "commander";
import type { WithRun } from "../command.ts";
import { addBreakers } from "./breakers.ts";
import { addQuiet } from "./quiet.ts";
import { addRetry } from "./retry.ts";
import { addSend } from "./send.ts";
import { addTakeBack } from "./take-back.ts";
import { addWork } from "./work.ts";

/** Adds the commands that change messages. */
export function addActions(program: Command, withRun: WithRun): void {
  program.commandsGroup("Act:");
  for (const add of [addSend, addRetry, addWork, addTakeBack, addQuiet, addBreakers])
    add(program, withRun);
}
