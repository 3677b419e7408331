import { durationMs } from "@bufbuild/protobuf/wkt";
import type { Message } from "../../gen/dlq/v1/message_pb.ts";
import { Reason } from "../../gen/dlq/v1/state_pb.ts";
import type { DlqClient } from "../support/grpc.ts";
import { released } from "../support/send-requests.ts";
import { Worker } from "../support/worker.ts";
import type { JsonMap } from "./json.ts";

/**
 * The latest failures of a queue's due messages by source id, in the format of an agent's `latest_failure`. It reads them
 * with the stubs alone; the messages are due again afterwards.
 */
export async function storedFailures(
  dlq: DlqClient,
  queue: string,
  count: number,
): Promise<ReadonlyMap<string, JsonMap>> {
  const worker = await Worker.open(dlq, { queues: [queue], maxInFlight: count });
  try {
    const received = await worker.take(count);
    await worker.settleAll(received, released());
    return new Map(received.map(({ message }) => [message.sourceId, latestFailureOf(message)]));
  } finally {
    await worker.close();
  }
}

function latestFailureOf({ failure, reason }: Message): JsonMap {
  if (failure === undefined) throw new Error("the message has no failure");
  const { type, message, stackTrace, grpcCode, httpStatus, retryAfter, attributes } = failure;
  return {
    ...{ type, message, attributes, reason: reasonName(reason), stack_trace: stackTrace },
    fingerprint: failure.fingerprint,
    ...(grpcCode === undefined ? {} : { grpc_code: grpcCode }),
    ...(httpStatus === undefined ? {} : { http_status: httpStatus }),
    ...(retryAfter === undefined ? {} : { retry_after_ms: durationMs(retryAfter) }),
  };
}

function reasonName(reason: Reason): string {
  return Object.entries(Reason).find(([, value]) => value === reason)?.[0] ?? String(reason);
}
