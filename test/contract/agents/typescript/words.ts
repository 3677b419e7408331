// What this client's results are called in the contract.

import { isUtf8 } from "node:buffer";
import { durationMs } from "@bufbuild/protobuf/wkt";
import type {
  Delivery,
  Failure,
  SendOptions,
  SendResult,
} from "../../../../clients/typescript/src/index.ts";
import { isMap, type Json, type JsonMap } from "../../json.ts";

/** `source_id` is `sourceId`, `delay_ms` is `delayMs`; on all levels but in maps of the user's. */
export function camelCase(given: JsonMap): Record<string, unknown> {
  const named = Object.entries(given).map(([name, value]) => {
    const camel = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    const isOpen = name === "attributes" || name === "coordinates";
    return [camel, isMap(value) && !isOpen ? camelCase(value) : value];
  });
  return Object.fromEntries(named);
}

export function sendOptionsOf(given: JsonMap): SendOptions {
  const { due_time_ms, ...others } = given;
  const dueTime = typeof due_time_ms === "number" ? { dueTime: new Date(due_time_ms) } : {};
  return { ...camelCase(others), ...dueTime };
}

export function payloadOf(given: Json | undefined): unknown {
  if (!isMap(given)) throw new Error("a payload is text, base64 or json");
  if (typeof given.text === "string") return given.text;
  if (typeof given.base64 === "string") return Buffer.from(given.base64, "base64");
  return given.json;
}

export function resultOf(result: SendResult): JsonMap {
  if (result.status === "dropped") {
    const { kind, maybeStored, message } = result.error;
    return { status: result.status, error: { kind, maybe_stored: maybeStored, message } };
  }
  const { dueTime, ...others } = result as SendResult & { dueTime?: Date };
  const named = Object.entries(others).map(([name, value]) => [
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    value as Json,
  ]);
  const due = dueTime === undefined ? {} : { due_time_ms: dueTime.getTime() };
  return { ...Object.fromEntries(named), ...due };
}

export function deliveryOf(delivery: Delivery): JsonMap {
  const { id, queue, attributes, attempt, failure, traceContext, payload } = delivery;
  return {
    ...{ id, queue, attributes, attempt },
    payload: payloadWords(payload.bytes()),
    delivery_number: delivery.deliveryNumber,
    outcome_unknown: delivery.outcomeUnknown,
    source_id: delivery.sourceId,
    ordering_key: delivery.orderingKey,
    ...(traceContext === undefined
      ? {}
      : { trace_context: { traceparent: traceContext.traceparent } }),
    ...(failure === undefined ? {} : { latest_failure: failureWords(failure, delivery.reason) }),
  };
}

function failureWords(failure: Failure, reason: string): JsonMap {
  const { type, message, stackTrace, grpcCode, httpStatus, retryAfter, attributes } = failure;
  return {
    ...{ type, message, reason, attributes, stack_trace: stackTrace },
    ...(grpcCode === undefined ? {} : { grpc_code: grpcCode }),
    ...(httpStatus === undefined ? {} : { http_status: httpStatus }),
    ...(retryAfter === undefined ? {} : { retry_after_ms: durationMs(retryAfter) }),
  };
}

function payloadWords(bytes: Uint8Array): JsonMap {
  const data = Buffer.from(bytes);
  return isUtf8(data) ? { text: data.toString() } : { base64: data.toString("base64") };
}
