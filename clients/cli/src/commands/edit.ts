import type { Command } from "commander";
import { addCommand, type WithRun } from "../command.ts";
import { actOnMany } from "../jobs/act.ts";
import { jobIdsOf } from "../jobs/ids.ts";
import type { ActOptions } from "../jobs/options.ts";
import { type PatchOptions, transformsOf } from "../jobs/transforms.ts";
import { ACT_DETAILS, addActOptions, patchOptions } from "./act-options.ts";

/** Adds `edit`: edits messages, and leaves them where they are. */
export function addEdit(program: Command, withRun: WithRun): void {
  addCommand<ActOptions & PatchOptions>(program, withRun, {
    usage: "edit <queue> [ids...]",
    summary: "Edit payloads or attributes of messages, which stay where they are",
    details: `Messages to which a patch does not apply are refused, with why, and do not change. ${ACT_DETAILS}`,
    examples: [
      [
        `dlq edit hooks --patch '[{"op": "replace", "path": "/to", "value": "https://new.example"}]'`,
        "a field of the payload",
      ],
      ["dlq edit hooks --patch fix.json --merge --dry-run", "shows messages before and after"],
      [`dlq edit hooks --attributes --merge --patch '{"tenant": "acme"}'`, "an attribute"],
    ],
    options(command) {
      for (const option of patchOptions()) command.addOption(option);
      addActOptions(command);
    },
    run: async (run, options, [queue = "", ...words]) => {
      const transforms = await transformsOf(run, options, words);
      const ids = await jobIdsOf(run, words);
      return actOnMany(run, queue, { case: "edit", value: { transforms } }, { ...options, ids });
    },
  });
}
