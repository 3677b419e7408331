import { durationMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { Delivery, StreamDueResponse } from "../../../gen/dlq/v1/dlq_service_pb.ts";
import type { HistoryWriter } from "../history/writer.ts";
import { readPayload, sumOf } from "./payloads.ts";

let streams = 0;

/** Yields the frames of one stream, and records each one first. */
export async function* recordedStream<T extends object>(
  frames: AsyncIterable<T>,
  history: HistoryWriter,
): AsyncGenerator<T, void> {
  const stream = `stream-${++streams}`;
  let isOpen = false;
  let why = "left";
  try {
    for await (const message of frames) {
      const { frame } = message as unknown as StreamDueResponse;
      if (frame.case === "opened") {
        isOpen = true;
        const { sessionId: session, leaseDuration, leasesHeld } = frame.value;
        const leaseMs = leaseDuration === undefined ? 0 : durationMs(leaseDuration);
        history.write({ e: "opened", stream, session, leaseMs, leasesHeld });
      }
      if (frame.case === "deliveries") {
        for (const delivery of frame.value.deliveries) record(delivery, stream, history);
      }
      if (frame.case === "drain") why = "drain";
      yield message;
    }
    why = "end";
  } catch (error) {
    why = String(error);
    throw error;
  } finally {
    if (isOpen) history.write({ e: "closed", stream, why });
  }
}

function record(delivery: Delivery, stream: string, history: HistoryWriter): void {
  const { message, leaseToken: token, leaseExpireTime } = delivery;
  if (message === undefined || leaseExpireTime === undefined) {
    throw new Error("a delivery has no message or no lease_expire_time");
  }
  const body = message.payload?.body;
  const text = body?.case === "text" ? body.value : "";
  history.write({
    e: "delivered",
    stream,
    queue: message.queue,
    id: message.id,
    source: message.sourceId,
    sum: sumOf(text),
    plan: readPayload(text).plan,
    token,
    number: delivery.deliveryNumber,
    attempt: delivery.attempt,
    unknown: delivery.outcomeUnknown,
    expires: timestampMs(leaseExpireTime),
  });
}
