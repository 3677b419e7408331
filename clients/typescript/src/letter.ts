import { randomUUID } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { type Duration, timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  type SendToDlqRequest,
  SendToDlqRequestSchema,
} from "../../../gen/dlq/v1/dlq_service_pb.ts";
import type { Failure } from "../../../gen/dlq/v1/failure_pb.ts";
import {
  type Origin,
  OriginSchema,
  type Payload,
  RetryPolicySchema,
} from "../../../gen/dlq/v1/message_pb.ts";
import { Reason } from "../../../gen/dlq/v1/state_pb.ts";
import { failureOf } from "./failure.ts";
import { duration, integer, text } from "./field-values.ts";
import { byteLengthOf, payloadOf } from "./payload.ts";
import { peek } from "./peek.ts";
import { policyOf } from "./retry-policy.ts";
import type { SendOptions } from "./send-options.ts";
import { traceContextOf } from "./trace-context.ts";
import { currentTraceContext } from "./tracing.ts";

/** A request on its way, and about how many bytes it takes on the wire: never fewer than it does. */
export interface Letter {
  readonly request: SendToDlqRequest;
  readonly bytes: number;
}

/** Names, numbers, ids and lengths of one request, generously. */
const FRAME_BYTES = 512;
/** A character of UTF-16 takes at most three bytes of UTF-8. */
const BYTES_PER_CHAR = 3;
/** What the server takes of a worker: 30 days. */
const MOST_WAIT_MS = 30 * 24 * 3_600_000;

/** @throws TypeError if a value can't be put on the wire */
export function letterOf(
  queue: string,
  value: unknown,
  error: unknown,
  options: SendOptions,
  origin: Origin | undefined,
): Letter {
  const payload = payloadOf(value, options.contentType ?? undefined);
  const failure = error === undefined ? undefined : failureOf(error);
  const request = create(SendToDlqRequestSchema);
  request.requestId = text(options.requestId || randomUUID()); // an empty one would be none
  request.queue = text(queue);
  request.payload = payload;
  if (failure !== undefined) request.failure = failure;
  if (origin !== undefined) request.origin = origin;
  if (options.sourceId != null) request.sourceId = text(options.sourceId);
  if (options.dedupKey != null) request.dedupKey = text(options.dedupKey);
  if (options.orderingKey != null) request.orderingKey = text(options.orderingKey);
  if (options.priority != null) request.priority = integer("priority", options.priority);
  if (options.ttlMs != null) request.ttl = duration("ttlMs", options.ttlMs);
  if (options.maxRetries != null) {
    request.maxRetries = integer("maxRetries", options.maxRetries);
  }
  if (options.retryPolicy != null) request.retryPolicy = policyOf(options.retryPolicy);
  if (options.attributes != null) request.attributes = texts(options.attributes);
  const trace = traceContextOf(options.traceContext ?? currentTraceContext());
  if (trace !== undefined) request.traceContext = trace;
  if (options.coordinates != null) {
    const { service = "", instance = "", version = "" } = origin ?? {};
    const coordinates = texts(options.coordinates);
    request.origin = create(OriginSchema, { service, instance, version, coordinates });
  }
  setFirstRetry(request, error, options);
  setReason(request, error, options);
  return { request, bytes: bytesOf(request, payload, failure) };
}

function setFirstRetry(request: SendToDlqRequest, error: unknown, options: SendOptions): void {
  const delayMs = options.delayMs ?? retryAfterOf(error);
  if (options.dueTime != null) {
    request.firstRetry = { case: "dueTime", value: timestampFromDate(options.dueTime) };
  } else if (delayMs !== undefined) {
    request.firstRetry = { case: "delay", value: duration("delayMs", delayMs) };
  }
}

/** An error that says that retrying is of no use goes to quarantine at once. */
function setReason(request: SendToDlqRequest, error: unknown, options: SendOptions): void {
  const name = options.reason ?? (isNonRetryable(error) ? "POISON_MESSAGE" : undefined);
  if (name === undefined) return;
  const failure = request.failure ?? failureOf("");
  if (request.failure === undefined) failure.type = "";
  failure.reason = Reason[name] ?? Reason.UNSPECIFIED;
  request.failure = failure;
}

/**
 * An error's own word on when to come back, in ms; undefined if it has none that makes sense. An
 * endpoint may name any time: what the server would refuse is cut.
 */
export function retryAfterOf(error: unknown): number | undefined {
  const ms = peek(error, "retryAfterMs");
  return typeof ms === "number" && ms >= 0 ? Math.min(ms, MOST_WAIT_MS) : undefined;
}

export function isNonRetryable(error: unknown): boolean {
  return peek(error, "nonRetryable") === true;
}

/** Of an outcome: the server would not count one whose wait it does not take. */
export function waitOf(name: string, ms: number): Duration {
  return duration(name, Math.min(Math.max(ms, 0), MOST_WAIT_MS));
}

function texts(given: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(given).map(([key, value]) => [key, text(value)]));
}

function bytesOf(
  request: SendToDlqRequest,
  payload: Payload,
  failure: Failure | undefined,
): number {
  let chars = request.requestId.length + request.queue.length + payload.contentType.length;
  chars += request.sourceId.length + request.dedupKey.length + request.orderingKey.length;
  const { origin, retryPolicy, traceContext } = request;
  if (failure !== undefined) {
    chars += failure.type.length + failure.message.length + failure.stackTrace.length;
    chars += charsOf(failure.attributes);
  }
  if (origin !== undefined) {
    chars += origin.service.length + origin.instance.length + origin.version.length;
    chars += charsOf(origin.coordinates);
  }
  if (traceContext !== undefined) {
    chars += traceContext.traceparent.length + traceContext.tracestate.length;
  }
  chars += charsOf(request.attributes);
  // Few have one, and schedules and windows are long.
  const policy = retryPolicy === undefined ? 0 : toBinary(RetryPolicySchema, retryPolicy).length;
  return byteLengthOf(payload) + chars * BYTES_PER_CHAR + policy + FRAME_BYTES;
}

function charsOf(map: Readonly<Record<string, string>>): number {
  let chars = 0;
  for (const key in map) chars += key.length + (map[key] ?? "").length + 8;
  return chars;
}

/** For a server's limits and for memory alike. */
export const failureBytes = (failure: Failure): number =>
  (failure.type.length + failure.message.length + failure.stackTrace.length) * BYTES_PER_CHAR +
  charsOf(failure.attributes) * BYTES_PER_CHAR;
