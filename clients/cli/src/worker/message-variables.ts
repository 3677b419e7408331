import type { Delivery } from "../../../typescript/src/index.ts";

/** Longer lists of attributes are left out: a variable of Linux has at most 128 KiB. */
const MOST_BYTES = 64 * 1024;

/** Returns the facts of a message for the environment of a command. */
export function messageVariables(delivery: Delivery): Record<string, string> {
  const { failure, payload, attributes } = delivery;
  const facts = {
    DLQ_MESSAGE_ID: delivery.id,
    DLQ_MESSAGE_QUEUE: delivery.queue,
    DLQ_MESSAGE_ATTEMPT: String(delivery.attempt),
    DLQ_MESSAGE_DELIVERY: String(delivery.deliveryNumber),
    DLQ_MESSAGE_OUTCOME_UNKNOWN: delivery.outcomeUnknown ? "1" : "",
    DLQ_MESSAGE_REASON: delivery.reason,
    DLQ_MESSAGE_SOURCE_ID: delivery.sourceId,
    DLQ_MESSAGE_ORDERING_KEY: delivery.orderingKey,
    DLQ_MESSAGE_CONTENT_TYPE: payload.contentType,
    DLQ_MESSAGE_TRACEPARENT: delivery.traceContext?.traceparent ?? "",
    DLQ_MESSAGE_FAILURE_TYPE: failure?.type ?? "",
    DLQ_MESSAGE_FAILURE: failure?.message ?? "",
    DLQ_MESSAGE_ATTRIBUTES: bounded(JSON.stringify(attributes)),
  };
  // A variable cannot have the character 0.
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [name, value.replaceAll("\0", "")]),
  );
}

function bounded(text: string): string {
  return Buffer.byteLength(text) > MOST_BYTES ? "" : text;
}
