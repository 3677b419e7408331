// The load with the TypeScript client, as users write it.

import { createDlqClient, type DlqClient } from "../../../clients/typescript/src/index.ts";
import { closedLoop } from "./closed-loop.ts";
import {
  type ConsumeCommand,
  type LoadResult,
  payloadText,
  queueNames,
  type SendCommand,
} from "./commands.ts";
import type { Running } from "./serve-commands.ts";
import { Tally } from "./tally.ts";

export function createClientOf(address: string): DlqClient {
  return createDlqClient({ url: `http://${address}`, spool: false });
}

/** Runs callers that each wait for their own message. The client combines them into calls. */
export function sendByClient(dlq: DlqClient, command: SendCommand): Promise<LoadResult> {
  const names = queueNames(command);
  const text = payloadText(command.bytes);
  const error = new Error("shop.example did not answer within 5 s");
  const callers = { ...command, batch: 1, inFlight: command.inFlight * command.batch };
  return closedLoop(callers, async (at) => {
    const queue = names[at % names.length] ?? "";
    const result = await dlq.send(queue, text, error, { delayMs: 0 });
    if (result.status === "dropped") throw result.error;
  });
}

/** Consumes with as many messages in flight as a stream with the command's `inFlight`. */
export async function consumeByClient(
  dlq: DlqClient,
  command: ConsumeCommand,
  { stop, done }: Running,
): Promise<LoadResult> {
  const tally = new Tally();
  const fail = command.outcome === "fail";
  const worker = dlq.worker({
    queues: queueNames(command),
    concurrency: Math.ceil(command.inFlight / 2), // the same number waits for a handler
    handler() {
      if (fail) throw new Error("still down");
    },
    onSettled() {
      tally.add(1);
      done(1);
    },
  });
  await new Promise((resolve) => stop.addEventListener("abort", resolve));
  await worker.stop();
  return tally.result();
}
