import type { Command } from "commander";
import { addCommand, repeatedOption, type WithRun } from "../command.ts";
import { actOnMany } from "../jobs/act.ts";
import type { ActOptions } from "../jobs/options.ts";
import { type PatchOptions, transformsOf } from "../jobs/transforms.ts";
import { ACT_DETAILS, addActOptions } from "./act-options.ts";

/** Adds `edit`: edits messages, and leaves them where they are. */
export function addEdit(program: Command, withRun: WithRun): void {
  addCommand<ActOptions & PatchOptions>(program, withRun, {
    usage: "edit <queue>",
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
      addPatchOptions(command);
      addActOptions(command);
    },
    run: async (run, options, [queue = ""]) => {
      const transforms = await transformsOf(run, options);
      return actOnMany(run, queue, { case: "edit", value: { transforms } }, options);
    },
  });
}

function addPatchOptions(command: Command): void {
  command
    .option(
      "--patch <file-or-json>",
      "a JSON Patch (RFC 6902): its JSON, a file, or - for stdin; may be repeated",
      repeatedOption,
    )
    .option("--merge", "the patches are JSON Merge Patches (RFC 7396)")
    .option("--attributes", "they edit the attributes, not the payload");
}
