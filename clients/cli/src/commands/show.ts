import type { Command } from "commander";
import {
  type Explanation,
  ExplanationSchema,
} from "../../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { StoredMessageSchema } from "../../../../gen/dlq/v1/stored_message_pb.ts";
import { addCommand, type WithRun } from "../command.ts";
import { explanationLines } from "../output/explanations.ts";
import { fullJson } from "../output/full-json.ts";
import { messageLines } from "../output/message-lines.ts";
import { messageSteps } from "../output/next-steps.ts";
import { findMessage } from "../reads/messages.ts";
import type { Run } from "../run.ts";
import { showRedactedOption } from "./filter-options.ts";

interface Options {
  readonly queue?: string;
  readonly payload?: true;
  readonly stack?: true;
  readonly showRedacted?: true;
}

/** Adds `show`: one message with its history. */
export function addShow(program: Command, withRun: WithRun): void {
  addCommand<Options>(program, withRun, {
    usage: "show <id>",
    summary: "Show one message with its history, and why it is where it is",
    details:
      "Without --queue all queues are searched for the id. With -o json it prints the message with everything, and with what `dlq explain` says.",
    examples: [
      ["dlq show 01a21eee-752a-7000-8000-000c64f1d2b3", "its state and its history"],
      [
        "dlq show 01a21eee-752a-7000-8000-000c64f1d2b3 --payload --stack",
        "also its content and stack traces",
      ],
      [
        "dlq show 01a21eee-752a-7000-8000-000c64f1d2b3 -o json | jq -r .message.message.payload.text",
        "its payload alone",
      ],
    ],
    options: (command) =>
      command
        .option("-q, --queue <queue>", "the queue that it is in: faster than a search")
        .option("-p, --payload", "print payload and attributes")
        .option("--stack", "print stack traces")
        .addOption(showRedactedOption()),
    run: async (run, options, [id = ""]) => {
      const { print } = run;
      const stored = await findMessage(run, id, options.queue, options.showRedacted);
      const queue = stored.message?.queue ?? "";
      const explanation = await run.admin.explain({ queue, id }, run.call);
      if (!print.isTable) {
        print.json({
          message: fullJson(StoredMessageSchema, stored),
          explanations: explanation.explanations.map((one) => fullJson(ExplanationSchema, one)),
        });
        return;
      }
      print.lines([
        ...messageLines(stored, print.times(), print.style, {
          payload: options.payload === true,
          stack: options.stack === true,
          width: print.width,
          keptUntil: explanation.explanations.find(({ until }) => until !== undefined)?.until,
        }),
        ...why(explanation.explanations, run),
        ...messageSteps(stored, print.width),
      ]);
    },
  });
}

function why(explanations: readonly Explanation[], { print }: Run): string[] {
  if (explanations.length === 0) return [];
  return ["", print.style.heading("WHY IT IS THERE"), ...explanationLines(explanations, print)];
}
