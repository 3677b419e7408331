// Sends to this service with plain generated stubs.

import { randomUUID } from "node:crypto";
import { Reason } from "../../../gen/dlq/v1/state_pb.ts";
import type { DlqClient } from "../../support/grpc.ts";
import { dueAt, dueIn, type SendRequest } from "../../support/send-requests.ts";
import { closedLoop } from "./closed-loop.ts";
import { type LoadResult, payloadText, queueNames, type SendCommand } from "./commands.ts";

const FAILURE = { type: "ConnectTimeout", message: "shop.example did not answer within 5 s" };
/** Its messages go to quarantine at once. */
const POISON = { ...FAILURE, reason: Reason.POISON_MESSAGE };

/** Uses the clients in turn. */
export function send(clients: readonly DlqClient[], command: SendCommand): Promise<LoadResult> {
  const request = sendRequestOf(command);
  return closedLoop(command, async (at, size) => {
    const dlq = clients[Math.floor(at / command.batch) % clients.length];
    if (dlq === undefined) throw new Error("no server to send to");
    if (command.batch === 1) {
      await dlq.sendToDlq(request(at));
      return;
    }
    const requests = Array.from({ length: size }, (_, index) => request(at + index));
    const { results } = await dlq.sendToDlqBatch({ requests });
    for (const { outcome } of results) {
      if (outcome.case !== "response") throw new Error(`refused: ${outcome.value?.message}`);
    }
    if (results.length !== size) throw new Error(`${results.length} results for ${size} requests`);
  });
}

/** Returns the request of a message by its number. It is due at once unless the command has due times. */
export function sendRequestOf(command: SendCommand): (index: number) => SendRequest {
  const names = queueNames(command);
  const { firstDueAtMs, dueRate = 1_000 } = command;
  const payload = {
    body: { case: "text", value: payloadText(command.bytes, command.content) },
  } as const;
  const now = dueIn(0);
  const error = new Error("shop.example did not answer within 5 s");
  const whole = () => ({
    requestId: randomUUID(),
    failure: { type: error.name, message: error.message, stackTrace: error.stack ?? "" },
  });
  return (index) => ({
    queue: names[index % names.length] ?? "",
    payload,
    ...(command.api === "stubs-of-errors"
      ? whole()
      : { failure: command.quarantined === true ? POISON : FAILURE }),
    ...(firstDueAtMs === undefined ? now : dueAt(firstDueAtMs + (index * 1_000) / dueRate)),
  });
}
