// Sends and processes one message on a direct connection to one server, without proxies and without a client that would
// switch to another server.

import { setTimeout as sleep } from "node:timers/promises";
import { AckStatus } from "../../../gen/dlq/v1/dlq_service_pb.ts";
import { connectTo, type DlqClient } from "../../support/grpc.ts";
import { sendRequest } from "../../support/send-requests.ts";
import type { TestServer } from "../../support/server.ts";

/** Of the names of queues that no history has. */
export const PROBE_PREFIX = "probe-";
const AGAIN_MS = 20;
/** Longer than a server waits for its store, and than all steps take on a busy machine. */
const TRY_MS = 5_000;

/** Reports whether a queue is one of probes or faults, which no history has. */
export function isProbed(queue: string): boolean {
  return queue.startsWith(PROBE_PREFIX);
}

/**
 * Resolves when the server has stored a message, delivered it and applied its outcome.
 * @param place of the server in its environment, from 1
 */
export async function untilServes(
  server: TestServer,
  place: number,
  deadlineMs: number,
): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const client = connectTo(server.grpcAddress);
    try {
      return await serveOne(client.dlq, `${PROBE_PREFIX}${place}`);
    } catch (error) {
      if (performance.now() > deadline) {
        throw new Error(`server ${place} does not serve: ${String(error)}`);
      }
    } finally {
      client.close();
    }
    await sleep(AGAIN_MS);
  }
}

async function serveOne(dlq: DlqClient, queue: string): Promise<void> {
  const signal = AbortSignal.timeout(TRY_MS);
  const { id } = await dlq.sendToDlq(sendRequest(queue), { signal });
  for await (const { frame } of dlq.streamDue({ queues: [queue], workerId: "probe" }, { signal })) {
    if (frame.case !== "deliveries") continue;
    const { deliveries } = frame.value; // messages of failed tries are delivered again
    const outcomes = deliveries.map(({ leaseToken }) => ({
      leaseToken,
      result: { case: "succeeded", value: {} } as const,
    }));
    const { results } = await dlq.ack({ outcomes }, { signal });
    const at = deliveries.findIndex(({ message }) => message?.id === id);
    const status = results[at]?.status;
    if (status === AckStatus.APPLIED) return;
    if (at >= 0) throw new Error(`its outcome has status ${status}`);
  }
  throw new Error("its stream ended without the message");
}
