import type { Command } from "commander";
import { addCommand, type WithRun } from "../command.ts";
import { actOnMany } from "../jobs/act.ts";
import { jobIdsOf } from "../jobs/ids.ts";
import type { ActOptions } from "../jobs/options.ts";
import { ACT_DETAILS, addActOptions, UNDO_DETAILS } from "./act-options.ts";

/** Adds `discard`: removes messages, each as discarded. */
export function addDiscard(program: Command, withRun: WithRun): void {
  addCommand<ActOptions>(program, withRun, {
    usage: "discard <queue> [ids...]",
    summary: "Remove messages; they count as discarded",
    details: `${UNDO_DETAILS} ${ACT_DETAILS}`,
    examples: [
      ["dlq discard orders --group 01f3a8 --why 'bug 42, nobody needs them'", "those of a group"],
      ["dlq ls orders --text cust-4711 --ids | dlq discard orders - --yes", "what `ls` finds"],
      ["dlq discard orders --state quarantined --before 30d --expect 12 --yes", "in a script"],
    ],
    options: addActOptions,
    run: async (run, options, [queue = "", ...words]) => {
      const ids = await jobIdsOf(run, words);
      return actOnMany(run, queue, { case: "discard", value: {} }, { ...options, ids });
    },
  });
}
