import type { Command } from "commander";
import type { WithRun } from "../command.ts";
import { addBreakers } from "./breakers.ts";
import { addQueue } from "./queue.ts";
import { addQuiet } from "./quiet.ts";
import { addRetry } from "./retry.ts";
import { addSend } from "./send.ts";
import { addTakeBack } from "./take-back.ts";
import { addWork } from "./work.ts";

/** Adds the commands that change messages, queues and workers. */
export function addActions(program: Command, withRun: WithRun): void {
  program.commandsGroup("Act:");
  const all = [addSend, addRetry, addWork, addTakeBack, addQuiet, addQueue, addBreakers];
  for (const add of all) add(program, withRun);
}
