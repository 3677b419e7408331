import { create, fromBinary } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type Delivery,
  DeliverySchema,
  type QueueStatus,
  QueueStatusSchema,
  type StreamDueResponse,
  StreamDueResponseSchema,
} from "../../../gen/dlq/v1/dlq_service_pb.ts";
import { FailureSchema } from "../../../gen/dlq/v1/failure_pb.ts";
import { type Message, MessageSchema } from "../../../gen/dlq/v1/message_pb.ts";
import type { DueDelivery, StreamFrame } from "../../app/commands.ts";
import { openStored } from "../../codec/message.ts";
import type { DeliveryStatus } from "../../core/delivery-status.ts";
import { encodeLeaseToken } from "../../core/lease-token.ts";
import { formatMessageId } from "../../core/message-id.ts";
import { REASONS } from "../../core/reason.ts";
import { BREAKER_NUMBERS } from "./states.ts";

export function writeFrame(frame: StreamFrame): StreamDueResponse {
  switch (frame.kind) {
    case "opened": {
      const { sessionId, leaseMs, leasesHeld } = frame;
      const leaseDuration = durationFromMs(leaseMs);
      return wire({ case: "opened", value: { sessionId, leaseDuration, leasesHeld } });
    }
    case "heartbeat":
      return wire({ case: "heartbeat", value: {} });
    case "queueStatus":
      return wire({
        case: "queueStatus",
        value: writeQueueStatus(frame.queue, frame.deliveryStatus),
      });
    case "drain":
      return wire({ case: "drain", value: { grace: durationFromMs(frame.graceMs) } });
    case "deliveries":
      return wire({
        case: "deliveries",
        value: { deliveries: frame.deliveries.map(writeDelivery) },
      });
  }
}

type FrameInit = Exclude<
  NonNullable<Parameters<typeof create<typeof StreamDueResponseSchema>>[1]>,
  StreamDueResponse
>["frame"];

function wire(frame: NonNullable<FrameInit>): StreamDueResponse {
  return create(StreamDueResponseSchema, { frame });
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
  // `attempts` counts failures so far; this delivery is the next attempt.
  delivery.attempt = due.attempts + 1;
  delivery.deliveryNumber = due.deliveryNumber;
  delivery.outcomeUnknown = due.outcomeUnknown;
  return delivery;
}

/** What a message is made of, wherever it is. */
export type MessageParts = Omit<
  DueDelivery,
  "deliveryNumber" | "nonce" | "outcomeUnknown" | "leaseExpireAtMs"
>;

/**
 * Assigns field by field, because `create` with values is slower and this runs for every delivery.
 */
export function writeMessage(due: MessageParts): Message {
  const { envelope, payload, attributes, editCount } = openStored(due.envelope, due.edits);
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
  message.edited = due.edits !== undefined;
  message.editCount = editCount;
  return message;
}

export function writeQueueStatus(queue: string, deliveryStatus: DeliveryStatus): QueueStatus {
  const { paused, breaker, retryAtMs, openBreakers } = deliveryStatus;
  const status = create(QueueStatusSchema, { queue, paused, openBreakers });
  status.breakerState = BREAKER_NUMBERS[breaker];
  if (retryAtMs !== undefined) status.retryTime = timestampFromMs(retryAtMs);
  return status;
}
