import { create } from "@bufbuild/protobuf";
import type { Command } from "commander";
import {
  type BreakLeaseResponse,
  BreakLeaseResponseSchema,
} from "../../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { MessageState } from "../../../../gen/dlq/v1/state_pb.ts";
import { lookUp } from "../call-errors.ts";
import { addCommand, type WithRun } from "../command.ts";
import { usageError } from "../errors.ts";
import { escaped } from "../output/escape.ts";
import { spanText } from "../output/times.ts";
import { findMessage } from "../reads/messages.ts";
import type { Run } from "../run.ts";
import { parseCount } from "../values/duration.ts";

interface Options {
  readonly queue?: string;
  readonly delivery?: number;
}

/** Adds `take-back`: takes a message from its worker. */
export function addTakeBack(program: Command, withRun: WithRun): void {
  addCommand<Options>(program, withRun, {
    usage: "take-back <id>",
    summary: "Take a message back from a worker that hangs",
    details:
      "The message is due at once. A later outcome of that worker does not count, but it may still be processing the message: two workers may have it at the same time. Only the delivery that the command sees, or that --delivery names, is taken back.",
    examples: [
      ["dlq take-back 01a21eee-752a-7000-8000-000c64f1d2b3", "what a worker holds now"],
      [
        "dlq take-back 01a21eee-752a-7000-8000-000c64f1d2b3 -q orders --delivery 3",
        "the third delivery; safe to repeat",
      ],
    ],
    options: (command) =>
      command
        .option("-q, --queue <queue>", "the queue that it is in: faster than a search")
        .option(
          "--delivery <count>",
          "with --queue: only this delivery, as `dlq show` counts them",
          parseCount(1),
        ),
    run: async (run, { queue, delivery }, [id = ""]) => {
      const { print } = run;
      if (delivery !== undefined && queue === undefined)
        throw usageError("--delivery needs --queue", "name the queue of the message");
      const answer =
        delivery === undefined || queue === undefined
          ? await breakSeen(run, id, queue)
          : await breakLease(run, id, queue, delivery);
      if (!print.isTable) print.message(BreakLeaseResponseSchema, answer);
      else print.lines([resultText(answer, delivery)]);
    },
  });
}

/** Breaks the lease of the present delivery. A delivery that begins meanwhile is left alone. */
async function breakSeen(
  run: Run,
  id: string,
  given: string | undefined,
): Promise<BreakLeaseResponse> {
  const { state, message, deliveryCount } = await findMessage(run, id, given);
  if (state !== MessageState.IN_FLIGHT) return create(BreakLeaseResponseSchema);
  return breakLease(run, id, message?.queue ?? "", deliveryCount);
}

function breakLease(run: Run, id: string, queue: string, deliveryCount: number) {
  const call = run.admin.breakLease({ queue, id, deliveryCount }, run.call);
  return lookUp("message", id, call);
}

function resultText({ broken, workerId, held }: BreakLeaseResponse, delivery?: number): string {
  const which = delivery === undefined ? "it" : `delivery ${delivery} of it`;
  if (!broken) return `No worker holds ${which}.`;
  const worker = workerId === "" ? "a worker" : escaped(workerId);
  return `Taken from ${worker} after ${spanText(held)}; it is due now.`;
}
