import type { Command } from "commander";
import type { WithRun } from "../command.ts";
import { addBreakers } from "./breakers.ts";
import { addDiscard } from "./discard.ts";
import { addEdit } from "./edit.ts";
import { addJobs } from "./jobs.ts";
import { addMove } from "./move.ts";
import { addPurge } from "./purge.ts";
import { addQuarantine } from "./quarantine.ts";
import { addQueue } from "./queue.ts";
import { addQuiet } from "./quiet.ts";
import { addRetry } from "./retry.ts";
import { addSend } from "./send.ts";
import { addTakeBack } from "./take-back.ts";
import { addUndelete } from "./undelete.ts";
import { addWork } from "./work.ts";

/** Adds the commands that change messages, queues and workers. */
export function addActions(program: Command, withRun: WithRun): void {
  program.commandsGroup("Act:");
  const all = [
    ...[addSend, addRetry, addUndelete, addWork, addTakeBack, addQuiet, addQueue, addBreakers],
    ...[addMove, addEdit, addQuarantine, addDiscard, addPurge, addJobs],
  ];
  for (const add of all) add(program, withRun);
}
