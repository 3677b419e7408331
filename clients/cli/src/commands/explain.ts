import type { Command } from "commander";
import {
  ExplainResponseSchema,
  ExplanationSchema,
} from "../../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { lookUp } from "../call-errors.ts";
import { addCommand, type WithRun } from "../command.ts";
import { escaped } from "../output/escape.ts";
import { explanationLines } from "../output/explanations.ts";
import { isMessageId, queueOf } from "../reads/messages.ts";

interface Options {
  readonly queue?: string;
}

/** Adds `explain`: why a message or a queue waits. */
export function addExplain(program: Command, withRun: WithRun): void {
  addCommand<Options>(program, withRun, {
    usage: "explain <queue-or-id>",
    summary: "Say why a message waits or a queue does not deliver",
    details: "It also says what would change that, and when it ends by itself if that is known.",
    examples: [
      ["dlq explain orders", "a queue"],
      ["dlq explain 01a21eee-752a-7000-8000-000c64f1d2b3", "a message of any queue"],
    ],
    options: (command) =>
      command.option("-q, --queue <queue>", "the queue of the message: faster than a search"),
    run: async (run, options, [name = ""]) => {
      const { print } = run;
      const request = isMessageId(name)
        ? { queue: options.queue ?? (await queueOf(run, name)), id: name.toLowerCase() }
        : { queue: name, id: "" };
      const answer = await lookUp("message", name, run.admin.explain(request, run.call));
      const { explanations } = answer;
      if (print.answer(ExplainResponseSchema, answer, ExplanationSchema, explanations)) return;
      const place =
        request.id === "" ? "" : ` ${print.style.faint("in")} ${escaped(request.queue)}`;
      print.lines([
        `${print.style.strong(escaped(name))}${place}`,
        ...explanationLines(explanations, print),
      ]);
    },
  });
}
