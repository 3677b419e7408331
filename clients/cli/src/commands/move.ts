import type { Command } from "commander";
import { addCommand, type WithRun } from "../command.ts";
import { actOnMany } from "../jobs/act.ts";
import { jobIdsOf } from "../jobs/ids.ts";
import type { ActOptions } from "../jobs/options.ts";
import { requireQueues } from "../reads/known-queues.ts";
import { ACT_DETAILS, addActOptions } from "./act-options.ts";

interface Options extends ActOptions {
  readonly to: string;
  readonly create?: true;
}

const TO_HINT = "`dlq queues` lists queues; give --create to move them to a new queue";

/** Adds `move`: moves messages to another queue. */
export function addMove(program: Command, withRun: WithRun): void {
  addCommand<Options>(program, withRun, {
    usage: "move <queue> [ids...]",
    summary: "Move messages to another queue",
    details: `A scheduled message keeps its due time, and a quarantined one stays in quarantine. ${ACT_DETAILS}`,
    examples: [
      [
        "dlq move orders --to orders-eu --filter 'message.attributes.region == \"eu\"'",
        "some of a queue",
      ],
      ["dlq move orders --to orders-later --create --rate 200/s", "to a new queue, not too fast"],
    ],
    options(command) {
      command
        .requiredOption("--to <queue>", "the other queue")
        .option("--create", "also if there is no such queue yet");
      addActOptions(command);
    },
    run: async (run, options, [queue = "", ...words]) => {
      const { to, create } = options;
      const ids = await jobIdsOf(run, words);
      if (create !== true) await requireQueues(run, [to], TO_HINT);
      return actOnMany(run, queue, { case: "move", value: { queue: to } }, { ...options, ids });
    },
  });
}
