import { randomUUID } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import {
  type SendToDlqRequest,
  SendToDlqRequestSchema,
} from "../../../gen/dlq/v1/dlq_service_pb.ts";
import { type Failure, FailureSchema } from "../../../gen/dlq/v1/failure_pb.ts";
import {
  type Origin,
  OriginSchema,
  type Payload,
  RetryPolicySchema,
} from "../../../gen/dlq/v1/message_pb.ts";
import { Reason } from "../../../gen/dlq/v1/state_pb.ts";
import { failureOf, fingerprintOf, isNonRetryable, retryAfterOf } from "./failure.ts";
import { duration, id, instant, integer, text } from "./field-values.ts";
import { type OptionNames, requireKnown, requireQueue } from "./option-checks.ts";
import { byteLengthOf, payloadOf } from "./payload.ts";
import { policyOf } from "./retry-policy.ts";
import type { SendOptions } from "./send-options.ts";
import { traceContextOf } from "./tracing.ts";

const SEND_OPTIONS: OptionNames<SendOptions> = {
  sourceId: true,
  dedupKey: true,
  reason: true,
  fingerprint: true,
  attributes: true,
  contentType: true,
  delayMs: true,
  dueTime: true,
  ttlMs: true,
  maxRetries: true,
  retryPolicy: true,
  priority: true,
  orderingKey: true,
  coordinates: true,
  traceContext: true,
  requestId: true,
  signal: true,
  timeoutMs: true,
  throwOnFailure: true,
};

/** A message that the service has not accepted yet. */
export interface SendRequest {
  /** The request of the call. */
  readonly wire: SendToDlqRequest;
  /** Upper bound of its encoded size. */
  readonly bytes: number;
}

/** Room for field names, numbers, ids and lengths of one request. */
const FRAME_BYTES = 512;
/** The most bytes of UTF-8 that a UTF-16 code unit takes. */
const BYTES_PER_CHAR = 3;

/** @throws TypeError for an unknown option, or a value that cannot be encoded */
export function buildSendRequest(
  queue: string,
  value: unknown,
  error: unknown,
  options: SendOptions,
  origin: Origin | undefined,
): SendRequest {
  requireKnown("a send", options, SEND_OPTIONS);
  requireQueue(queue);
  const payload = payloadOf(value, options.contentType ?? undefined);
  const wire = create(SendToDlqRequestSchema);
  wire.requestId = text(options.requestId || randomUUID());
  wire.queue = text(queue);
  wire.payload = payload;
  if (error !== undefined) wire.failure = failureOf(error);
  if (origin !== undefined) wire.origin = origin;
  if (options.sourceId != null) wire.sourceId = id("sourceId", options.sourceId);
  if (options.dedupKey != null) wire.dedupKey = id("dedupKey", options.dedupKey);
  if (options.orderingKey != null) wire.orderingKey = id("orderingKey", options.orderingKey);
  if (options.priority != null) wire.priority = integer("priority", options.priority);
  if (options.ttlMs != null) wire.ttl = duration("ttlMs", options.ttlMs);
  if (options.maxRetries != null) {
    wire.maxRetries = integer("maxRetries", options.maxRetries);
  }
  if (options.retryPolicy != null) wire.retryPolicy = policyOf(options.retryPolicy);
  if (options.attributes != null) wire.attributes = texts(options.attributes);
  const trace = traceContextOf(options.traceContext ?? undefined);
  if (trace !== undefined) wire.traceContext = trace;
  if (options.coordinates != null) {
    const { service = "", instance = "", version = "" } = origin ?? {};
    const coordinates = texts(options.coordinates);
    wire.origin = create(OriginSchema, { service, instance, version, coordinates });
  }
  setFirstRetry(wire, error, options);
  setReason(wire, error, options);
  if (options.fingerprint != null) {
    failureIn(wire).fingerprint = fingerprintOf(options.fingerprint);
  }
  return { wire, bytes: bytesOf(wire, payload) };
}

function setFirstRetry(wire: SendToDlqRequest, error: unknown, options: SendOptions): void {
  const delayMs = options.delayMs ?? retryAfterOf(error);
  if (options.dueTime != null) {
    wire.firstRetry = { case: "dueTime", value: instant("dueTime", options.dueTime) };
  } else if (delayMs !== undefined) {
    // A computed delay may be over already.
    wire.firstRetry = { case: "delay", value: duration("delayMs", Math.max(0, delayMs)) };
  }
}

/** A message with a non-retryable error is quarantined at once. */
function setReason(wire: SendToDlqRequest, error: unknown, options: SendOptions): void {
  const name = options.reason ?? (isNonRetryable(error) ? "POISON_MESSAGE" : undefined);
  if (name === undefined) return;
  failureIn(wire).reason = Reason[name] ?? Reason.UNSPECIFIED;
}

/** Returns the failure of a request, also of one without an error. */
function failureIn(wire: SendToDlqRequest): Failure {
  wire.failure ??= create(FailureSchema);
  return wire.failure;
}

/** Leaves out values that are absent. */
function texts(given: Readonly<Record<string, unknown>>): Record<string, string> {
  const there = Object.entries(given).filter(([, value]) => value != null);
  return Object.fromEntries(there.map(([key, value]) => [key, text(value)]));
}

function bytesOf(wire: SendToDlqRequest, payload: Payload): number {
  let chars = wire.requestId.length + wire.queue.length + payload.contentType.length;
  chars += wire.sourceId.length + wire.dedupKey.length + wire.orderingKey.length;
  const { origin, retryPolicy, traceContext, failure } = wire;
  if (origin !== undefined) {
    chars += origin.service.length + origin.instance.length + origin.version.length;
    chars += charsOf(origin.coordinates);
  }
  if (traceContext !== undefined) {
    chars += traceContext.traceparent.length + traceContext.tracestate.length;
  }
  chars += charsOf(wire.attributes);
  const failed = failure === undefined ? 0 : failureBytes(failure);
  // Few messages have a policy, but schedules and windows are long.
  const policy = retryPolicy === undefined ? 0 : toBinary(RetryPolicySchema, retryPolicy).length;
  return byteLengthOf(payload) + chars * BYTES_PER_CHAR + failed + policy + FRAME_BYTES;
}

function charsOf(map: Readonly<Record<string, string>>): number {
  let chars = 0;
  for (const key in map) chars += key.length + (map[key] ?? "").length + 8;
  return chars;
}

/** Returns an upper bound of the encoded size. */
export function failureBytes({
  type,
  message,
  stackTrace,
  fingerprint,
  attributes,
}: Failure): number {
  const chars = type.length + message.length + stackTrace.length + fingerprint.length;
  return (chars + charsOf(attributes)) * BYTES_PER_CHAR;
}
