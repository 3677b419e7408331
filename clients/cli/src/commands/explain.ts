import type { Command } from "commander";
import {
  type ExplainResponse,
  ExplainResponseSchema,
  ExplanationSchema,
} from "../../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { lookUp } from "../call-errors.ts";
import { addCommand, type WithRun } from "../command.ts";
import { escaped } from "../output/escape.ts";
import { explanationLines } from "../output/explanations.ts";
import { messageSteps, queueSteps } from "../output/next-steps.ts";
import { requireQueues } from "../reads/known-queues.ts";
import { findMessage, isMessageId } from "../reads/messages.ts";
import { readStats } from "../reads/stats.ts";
import type { Run } from "../run.ts";

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
    run: (run, options, [name = ""]) =>
      isMessageId(name) ? explainMessage(run, name, options.queue) : explainQueue(run, name),
  });
}

async function explainMessage(run: Run, name: string, given?: string): Promise<undefined> {
  const stored = await findMessage(run, name, given);
  const queue = stored.message?.queue ?? "";
  const call = run.admin.explain({ queue, id: name.toLowerCase() }, run.call);
  const answer = await lookUp("message", name, call);
  if (isPrinted(run, answer)) return;
  const { print } = run;
  print.lines([
    `${print.style.strong(escaped(name))} ${print.style.faint("in")} ${escaped(queue)}`,
    ...explanationLines(answer.explanations, print),
    ...messageSteps(stored, print.width),
  ]);
}

async function explainQueue(run: Run, queue: string): Promise<undefined> {
  await requireQueues(run, [queue]);
  const answer = await run.admin.explain({ queue, id: "" }, run.call);
  if (isPrinted(run, answer)) return;
  const { queues } = await readStats(run, [queue]);
  const { print } = run;
  print.lines([
    print.style.strong(escaped(queue)),
    ...explanationLines(answer.explanations, print),
    ...queues.flatMap((stats) => queueSteps(stats, print.width)),
  ]);
}

/** Prints it as JSON if the user wants that. */
function isPrinted({ print }: Run, answer: ExplainResponse): boolean {
  return print.answer(ExplainResponseSchema, answer, ExplanationSchema, answer.explanations);
}
