// Converts options and results between the names of the scenarios and those of this client.

import { isUtf8 } from "node:buffer";
import { durationMs } from "@bufbuild/protobuf/wkt";
import type {
  Delivery,
  Failure,
  OutcomeEvent,
  SendOptions,
  SendResult,
} from "../../../../clients/typescript/src/index.ts";
import { isMap, type Json, type JsonMap } from "../../json.ts";

/** Converts `source_id` to `sourceId` on all levels, except in maps of the user. */
export function camelCase(given: JsonMap): Record<string, unknown> {
  const named = Object.entries(given).map(([name, value]) => {
    const camel = name.replace(/_([a-z])/g, (_, first: string) => first.toUpperCase());
    const isUserMap = name === "attributes" || name === "coordinates";
    return [camel, isMap(value) && !isUserMap ? camelCase(value) : value];
  });
  return Object.fromEntries(named);
}

export function sendOptionsOf(given: JsonMap): SendOptions {
  const { due_time_ms, ...others } = given;
  const dueTime = typeof due_time_ms === "number" ? { dueTime: new Date(due_time_ms) } : {};
  return { ...camelCase(others), ...dueTime };
}

export function payloadOf(given: Json | undefined): unknown {
  if (!isMap(given)) throw new Error("give a payload as text, base64 or json");
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
    name.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`),
    value as Json,
  ]);
  const due = dueTime === undefined ? {} : { due_time_ms: dueTime.getTime() };
  return { ...Object.fromEntries(named), ...due };
}

export function outcomeOf(event: OutcomeEvent): JsonMap {
  const { id, queue, attempts, reason, quarantineReason, dueTime, note, sourceId } = event;
  return {
    ...{ id, queue, attempts, reason, note, source_id: sourceId },
    ...(quarantineReason === undefined ? {} : { quarantine_reason: quarantineReason }),
    ...(dueTime === undefined ? {} : { due_time: dueTime.getTime() }),
  };
}

export function deliveryOf(delivery: Delivery): JsonMap {
  const { id, queue, attributes, attempt, failure, traceContext, payload } = delivery;
  return {
    ...{ id, queue, attributes, attempt },
    payload: payloadFields(payload.bytes()),
    delivery_number: delivery.deliveryNumber,
    outcome_unknown: delivery.outcomeUnknown,
    source_id: delivery.sourceId,
    ordering_key: delivery.orderingKey,
    ...(traceContext === undefined
      ? {}
      : { trace_context: { traceparent: traceContext.traceparent } }),
    ...(failure === undefined ? {} : { latest_failure: failureFields(failure, delivery.reason) }),
  };
}

function failureFields(failure: Failure, reason: string): JsonMap {
  const { type, message, stackTrace, grpcCode, httpStatus, retryAfter, attributes } = failure;
  return {
    ...{ type, message, reason, attributes, stack_trace: stackTrace },
    fingerprint: failure.fingerprint,
    ...(grpcCode === undefined ? {} : { grpc_code: grpcCode }),
    ...(httpStatus === undefined ? {} : { http_status: httpStatus }),
    ...(retryAfter === undefined ? {} : { retry_after_ms: durationMs(retryAfter) }),
  };
}

function payloadFields(bytes: Uint8Array): JsonMap {
  const data = Buffer.from(bytes);
  return isUtf8(data) ? { text: data.toString() } : { base64: data.toString("base64") };
}
