import { create, fromBinary } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { EnvelopeSchema } from "../../../gen/dlq/storage/v1/envelope_pb.ts";
import {
  type Delivery,
  DeliverySchema,
  type StreamDueResponse,
  StreamDueResponseSchema,
} from "../../../gen/dlq/v1/dlq_service_pb.ts";
import { FailureSchema } from "../../../gen/dlq/v1/failure_pb.ts";
import { type Message, MessageSchema } from "../../../gen/dlq/v1/message_pb.ts";
import type { DueDelivery, StreamFrame } from "../../app/commands.ts";
import { editedContent, readEdits } from "../../app/edits/edited-content.ts";
import { encodeLeaseToken } from "../../core/lease-token.ts";
import { formatMessageId } from "../../core/message-id.ts";
import { REASONS } from "../../core/reason.ts";
import { WIRE_LIMITS } from "./limits.ts";
import { writeQueueStatus } from "./queue-status.ts";
import { spliceDeliveries } from "./spliced.ts";

/** What a delivery adds to its envelope at most: token, id, queue name, five times, counters. */
const DELIVERY_SLACK_BYTES = 768;

/**
 * One frame of the use cases is one or more on the wire: none too large for a stock client.
 * `spliced`: the peer gets protobuf's bytes, and nobody looks into the frames before.
 */
export function* writeFrames(
  frame: StreamFrame,
  { spliced = false } = {},
): Generator<StreamDueResponse> {
  switch (frame.kind) {
    case "opened":
      yield wire({
        case: "opened",
        value: {
          sessionId: frame.sessionId,
          leaseDuration: durationFromMs(frame.leaseMs),
          leasesHeld: frame.leasesHeld,
        },
      });
      return;
    case "heartbeat":
      yield wire({ case: "heartbeat", value: {} });
      return;
    case "queueStatus":
      yield wire({
        case: "queueStatus",
        value: writeQueueStatus(frame.queue, frame.deliveryStatus),
      });
      return;
    case "drain":
      yield wire({ case: "drain", value: { grace: durationFromMs(frame.graceMs) } });
      return;
    case "deliveries":
      for (const group of splitBySize(frame.deliveries)) {
        if (spliced) yield spliceDeliveries(group);
        else yield wire({ case: "deliveries", value: { deliveries: group.map(writeDelivery) } });
      }
  }
}

type FrameInit = Exclude<
  NonNullable<Parameters<typeof create<typeof StreamDueResponseSchema>>[1]>,
  StreamDueResponse
>["frame"];

function wire(frame: NonNullable<FrameInit>): StreamDueResponse {
  return create(StreamDueResponseSchema, { frame });
}

/** An upper bound of the encoded size that needs no encoding. */
export function deliveryBytes(delivery: DueDelivery): number {
  const { envelope, edits, latestFailure } = delivery;
  const stored = envelope.length + (edits?.length ?? 0) + (latestFailure?.length ?? 0);
  return stored + DELIVERY_SLACK_BYTES;
}

/** Groups in order, each under the frame limit, save a message that alone is larger. */
export function splitBySize(
  deliveries: readonly DueDelivery[],
  maxBytes: number = WIRE_LIMITS.frameBytes,
): DueDelivery[][] {
  const groups: DueDelivery[][] = [];
  let group: DueDelivery[] = [];
  let bytes = 0;
  for (const delivery of deliveries) {
    const size = deliveryBytes(delivery);
    if (group.length > 0 && bytes + size > maxBytes) {
      groups.push(group);
      group = [];
      bytes = 0;
    }
    group.push(delivery);
    bytes += size;
  }
  if (group.length > 0) groups.push(group);
  return groups;
}

export function writeDelivery(due: DueDelivery): Delivery {
  const delivery = create(DeliverySchema);
  delivery.message = writeMessage(due);
  delivery.leaseToken = encodeLeaseToken({
    queue: due.queue,
    messageId: due.id,
    deliveryNumber: due.deliveryNumber,
    nonce: due.nonce,
  });
  delivery.leaseExpireTime = timestampFromMs(due.leaseExpireAtMs);
  // Attempts are failures so far; this hand-out is the next one.
  delivery.attempt = due.attempts + 1;
  delivery.deliveryNumber = due.deliveryNumber;
  delivery.outcomeUnknown = due.outcomeUnknown;
  return delivery;
}

/** Assigned field by field: this runs for every delivery, and `create` with values walks them. */
function writeMessage(due: DueDelivery): Message {
  const envelope = fromBinary(EnvelopeSchema, due.envelope);
  const edits = readEdits(due.edits);
  const { payload, attributes } = editedContent(envelope, edits);
  const message = create(MessageSchema);
  message.id = formatMessageId(due.id);
  message.queue = due.queue;
  message.payload = payload;
  message.attributes = attributes;
  message.reason = REASONS[due.reason];
  message.failure =
    due.latestFailure === undefined
      ? envelope.failure
      : fromBinary(FailureSchema, due.latestFailure);
  message.failureCount = due.failureCount;
  message.sourceId = envelope.sourceId;
  message.dedupKey = envelope.dedupKey;
  message.orderingKey = envelope.orderingKey;
  message.origin = envelope.origin;
  message.traceContext = envelope.traceContext;
  message.priority = envelope.priority;
  message.createTime = timestampFromMs(due.createdAtMs);
  message.dueTime = timestampFromMs(due.dueAtMs);
  if (due.expireAtMs !== undefined) message.expireTime = timestampFromMs(due.expireAtMs);
  message.attempts = due.attempts;
  message.edited = edits !== undefined;
  message.editCount = edits?.applied.length ?? 0;
  return message;
}
