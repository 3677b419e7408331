import type { Command } from "commander";
import { addCommand, type WithRun } from "../command.ts";
import { actOnMany } from "../jobs/act.ts";
import type { ActOptions } from "../jobs/options.ts";
import { ACT_DETAILS, addActOptions } from "./act-options.ts";

/** Adds `purge`: removes messages, each as purged. */
export function addPurge(program: Command, withRun: WithRun): void {
  addCommand<ActOptions>(program, withRun, {
    usage: "purge <queue>",
    summary: "Remove messages; they count as purged",
    details: ACT_DETAILS,
    examples: [
      ["dlq purge orders-test --why 'end of the load test'", "all messages of a queue"],
      ["dlq purge 'orders-*' --filter 'attempts > 10' --rate 500/s", "not too fast"],
    ],
    options: addActOptions,
    run: (run, options, [queue = ""]) =>
      actOnMany(run, queue, { case: "purge", value: {} }, options),
  });
}
