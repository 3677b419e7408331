import type { Command } from "commander";
import { addCommand, type WithRun } from "../command.ts";
import { actOnMany } from "../jobs/act.ts";
import { jobIdsOf } from "../jobs/ids.ts";
import type { ActOptions } from "../jobs/options.ts";
import { ACT_DETAILS, addActOptions, UNDO_DETAILS } from "./act-options.ts";

interface Options extends ActOptions {
  readonly now?: true;
}

/** Adds `purge`: removes messages, each as purged. */
export function addPurge(program: Command, withRun: WithRun): void {
  addCommand<Options>(program, withRun, {
    usage: "purge <queue> [ids...]",
    summary: "Remove messages; they count as purged",
    details: `${UNDO_DETAILS} With --now they are erased at once: nothing brings them back. ${ACT_DETAILS}`,
    examples: [
      ["dlq purge orders-test --why 'end of the load test'", "all messages of a queue"],
      ["dlq purge 'orders-*' --filter 'attempts > 10' --rate 500/s", "not too fast"],
      ["dlq purge orders-test --now", "also frees their memory at once; it cannot be undone"],
    ],
    options(command) {
      command.option("--now", "erase them at once, which cannot be undone, and free their memory");
      addActOptions(command);
    },
    run: async (run, options, [queue = "", ...words]) => {
      const ids = await jobIdsOf(run, words);
      return actOnMany(
        run,
        queue,
        { case: "purge", value: { now: options.now === true } },
        { ...options, ids },
      );
    },
  });
}
