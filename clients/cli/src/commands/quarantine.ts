import type { Command } from "commander";
import { addCommand, type WithRun } from "../command.ts";
import { actOnMany } from "../jobs/act.ts";
import { jobIdsOf } from "../jobs/ids.ts";
import type { ActOptions } from "../jobs/options.ts";
import { ACT_DETAILS, addActOptions } from "./act-options.ts";

/** Adds `quarantine`: brings scheduled messages into quarantine. */
export function addQuarantine(program: Command, withRun: WithRun): void {
  addCommand<ActOptions>(program, withRun, {
    usage: "quarantine <queue> [ids...]",
    summary: "Bring scheduled messages into quarantine",
    details: ACT_DETAILS,
    examples: [
      [
        "dlq quarantine orders --reason timeout --why 'the bank is down'",
        "what failed by a timeout",
      ],
      ["dlq quarantine 'hooks-*' --dry-run", "only shows what would be done"],
    ],
    options: addActOptions,
    run: async (run, options, [queue = "", ...words]) => {
      const ids = await jobIdsOf(run, words);
      return actOnMany(run, queue, { case: "quarantine", value: {} }, { ...options, ids });
    },
  });
}
