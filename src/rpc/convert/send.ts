import { createHash } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type ImportedFailure,
  ImportedFailureSchema,
  type ImportedHistory,
  ImportedHistorySchema,
  type SendNumber,
  type SendToDlqRequest,
  type SendToDlqResponse,
  SendToDlqResponseSchema,
} from "../../../gen/dlq/v1/dlq_service_pb.ts";
import type { Payload } from "../../../gen/dlq/v1/message_pb.ts";
import type { ImportedHistoryFacts, SendCommand, SendResult } from "../../app/commands.ts";
import { encodeEnvelope } from "../../codec/envelope.ts";
import { reasonOf } from "../../core/categorize.ts";
import { valueIn } from "../../core/delivery-settings.ts";
import { formatMessageId } from "../../core/message-id.ts";
import { QUARANTINE_REASONS, REASONS } from "../../core/reason.ts";
import { utf8Bytes } from "../../core/utf8.ts";
import type { RuleFacts } from "../../rules/facts.ts";
import { readFailure } from "./failure.ts";
import { WIRE_LIMITS } from "./limits.ts";
import { readRetry } from "./retry-policy.ts";
import { STATE_NUMBERS } from "./states.ts";
import { readDurationMs, readTimestampMs } from "./time.ts";
import { checkMap, checkQueue, checkRequestId, checkText, Violations } from "./violations.ts";

export interface SendLimits {
  payloadMaxBytes: number;
  /** The wall clock, to refuse due times that are too far ahead. */
  nowMs: number;
}

/** Throws a DlqError with all field errors, with `prefix` before each field. */
export function readSend(request: SendToDlqRequest, rules: SendLimits, prefix = ""): SendCommand {
  const v = new Violations(prefix);
  checkRequestId(v, request.requestId);
  checkQueue(v, "queue", request.queue);
  const sendNumber = readSendNumber(v, request.sendNumber);
  const payloadBytes = checkPayload(v, request.payload, rules.payloadMaxBytes);
  checkMap(v, "attributes", request.attributes, WIRE_LIMITS.attributes);
  checkText(v, "source_id", request.sourceId, WIRE_LIMITS.identityBytes);
  checkText(v, "dedup_key", request.dedupKey, WIRE_LIMITS.identityBytes);
  checkText(v, "ordering_key", request.orderingKey, WIRE_LIMITS.identityBytes);
  checkOrigin(v, request);
  checkTraceContext(v, request);
  checkPriority(v, request.priority);
  const first = readFirstRetry(v, request.firstRetry, rules.nowMs);
  const ttlMs = readDurationMs(v, "ttl", request.ttl, WIRE_LIMITS.ttlMinMs, WIRE_LIMITS.ttlMaxMs);
  const failure = readFailure(request.failure);
  const importedHistory = readImportedHistory(v, request.importedHistory);
  const retry = readRetry(v, request.maxRetries, request.retryPolicy);
  v.throwIfAny();
  return {
    requestId: request.requestId,
    sendNumber,
    queue: request.queue,
    payloadBytes,
    encodeEnvelope: (reason, decision) =>
      encodeEnvelope(request, failure.stored(reason), importedHistory?.stored, decision),
    failure,
    importedHistory: importedHistory?.facts,
    sourceId: request.sourceId,
    dedupKey: request.dedupKey,
    // Computed only if there is a dedup key.
    get payloadHash() {
      return request.payload === undefined ? new Uint8Array(16) : hashPayload(request.payload);
    },
    delayMs: first.delayMs,
    dueAtMs: first.dueAtMs,
    ttlMs,
    retry,
    priority: request.priority,
    orderingKey: request.orderingKey,
    attribute: valueIn(request.attributes),
    payload: () => request.payload?.body.value,
    ruleFacts: () => ruleFacts(request, payloadBytes),
  };
}

function ruleFacts(request: SendToDlqRequest, payloadBytes: number): RuleFacts["message"] {
  const { queue, sourceId, orderingKey, priority, attributes, payload, origin } = request;
  return {
    ...{ queue, sourceId, orderingKey, priority, attributes, payloadBytes },
    contentType: payload?.contentType ?? "",
    origin: {
      service: origin?.service ?? "",
      instance: origin?.instance ?? "",
      version: origin?.version ?? "",
      coordinates: origin?.coordinates ?? {},
    },
  };
}

function readSendNumber(v: Violations, sent: SendNumber | undefined): SendCommand["sendNumber"] {
  if (sent === undefined) return undefined;
  const { clientId, number } = sent;
  const { clientIdBytes, sendNumber: most } = WIRE_LIMITS;
  if (clientId.length !== clientIdBytes) {
    v.add(
      "send_number.client_id",
      `is ${clientId.length} bytes long; it must be ${clientIdBytes} random bytes`,
    );
  }
  if (number < 1n || number > most) {
    v.add("send_number.number", `is ${number}; it must be from 1 to ${most}`);
  }
  return { clientId, number: Number(number) };
}

function readFirstRetry(v: Violations, first: SendToDlqRequest["firstRetry"], nowMs: number) {
  const maxMs = WIRE_LIMITS.firstRetryMs;
  const none = { delayMs: undefined, dueAtMs: undefined };
  switch (first.case) {
    case "delay":
      return { ...none, delayMs: readDurationMs(v, "delay", first.value, 0, maxMs) };
    case "dueTime":
      return {
        ...none,
        dueAtMs: readTimestampMs(v, "due_time", first.value, nowMs + maxMs, "365 days"),
      };
    default:
      return none;
  }
}

function checkOrigin(v: Violations, { origin }: SendToDlqRequest): void {
  if (origin === undefined) return;
  checkText(v, "origin.service", origin.service, WIRE_LIMITS.identityBytes);
  checkText(v, "origin.instance", origin.instance, WIRE_LIMITS.identityBytes);
  checkText(v, "origin.version", origin.version, WIRE_LIMITS.identityBytes);
  checkMap(v, "origin.coordinates", origin.coordinates, WIRE_LIMITS.coordinates);
}

function checkTraceContext(v: Violations, { traceContext }: SendToDlqRequest): void {
  if (traceContext === undefined) return;
  const { traceparentBytes, tracestateBytes } = WIRE_LIMITS;
  checkText(v, "trace_context.traceparent", traceContext.traceparent, traceparentBytes);
  checkText(v, "trace_context.tracestate", traceContext.tracestate, tracestateBytes);
}

function checkPriority(v: Violations, priority: number): void {
  const most = WIRE_LIMITS.priority;
  if (Math.abs(priority) > most) {
    v.add("priority", `is ${priority}; it must be from -${most} to ${most}`);
  }
}

export function writeSend(result: SendResult): SendToDlqResponse {
  // Assigns field by field, because `create` with values is slower and this runs for every message.
  const response = create(SendToDlqResponseSchema);
  const { state } = result;
  if (state !== undefined) response.state = STATE_NUMBERS[state];
  if (state !== undefined && state !== "DISCARDED") response.id = formatMessageId(result.id);
  response.reason = REASONS[result.reason];
  response.duplicate = result.duplicate;
  if (result.queue !== undefined) response.queue = result.queue;
  if (result.dueAtMs !== undefined) response.dueTime = timestampFromMs(result.dueAtMs);
  if (result.quarantineReason !== undefined) {
    response.quarantineReason = QUARANTINE_REASONS[result.quarantineReason];
  }
  return response;
}

/**
 * Checks the payload and returns its size in bytes. It may be empty, but not absent: a payload
 * without a body is probably a misspelt field.
 */
export function checkPayload(
  v: Violations,
  payload: Payload | undefined,
  maxBytes: number,
  field = "payload",
): number {
  if (payload === undefined) {
    v.add(field, "is required; an empty message is sent as an empty payload.text");
    return 0;
  }
  checkText(v, `${field}.content_type`, payload.contentType, WIRE_LIMITS.identityBytes);
  if (payload.body.case === undefined) {
    v.add(field, "has neither text nor data; one of them must be set, and may be empty");
    return 0;
  }
  const bytes =
    payload.body.case === "text" ? utf8Bytes(payload.body.value) : payload.body.value.length;
  if (bytes > maxBytes) {
    v.add(
      `${field}.${payload.body.case}`,
      `is ${bytes} bytes long; this server accepts at most ${maxBytes}: store large content elsewhere and send a reference, or raise the server's payload limit`,
    );
  }
  return bytes;
}

/** A hash of 16 bytes of kind, content type and content. */
export function hashPayload(payload: Payload): Uint8Array {
  const hash = createHash("sha256");
  // The length separates the content type from the content.
  hash.update(`${payload.body.case ?? ""}\n${utf8Bytes(payload.contentType)}\n`);
  hash.update(payload.contentType);
  if (payload.body.value !== undefined) hash.update(payload.body.value);
  return Uint8Array.from(hash.digest().subarray(0, 16));
}

const LIMIT = WIRE_LIMITS.importedHistory;

/** The imported history of a message: facts for decisions, and what is stored. */
export interface ReadImportedHistory {
  facts: ImportedHistoryFacts;
  /** With failures categorized and cut. */
  stored: ImportedHistory;
}

export function readImportedHistory(
  v: Violations,
  sent: ImportedHistory | undefined,
): ReadImportedHistory | undefined {
  if (sent === undefined) return undefined;
  const { attempts, quarantined, firstFailureTime } = sent;
  if (attempts > LIMIT.attempts) {
    v.add("imported_history.attempts", `is ${attempts}; it must be from 0 to ${LIMIT.attempts}`);
  }
  const firstFailureAtMs =
    firstFailureTime && readTime(v, "imported_history.first_failure_time", firstFailureTime);
  if (firstFailureAtMs !== undefined && firstFailureAtMs < 0) {
    v.add("imported_history.first_failure_time", "is before 1970");
  }
  sent.failures.forEach(({ time }, index) => {
    if (time !== undefined) readTime(v, `imported_history.failures[${index}].time`, time);
  });
  const failures = latest(sent.failures);
  const stored = create(ImportedHistorySchema, { attempts, failures, quarantined });
  if (firstFailureTime !== undefined) stored.firstFailureTime = firstFailureTime;
  return {
    facts: { attempts, failureCount: failures.length, firstFailureAtMs, quarantined },
    stored,
  };
}

/** Times in the future are allowed; the verdict bounds them. */
function readTime(v: Violations, field: string, time: Parameters<typeof readTimestampMs>[2]) {
  return readTimestampMs(v, field, time, Number.POSITIVE_INFINITY, "");
}

/** The latest failures that fit, oldest first. */
function latest(sent: readonly ImportedFailure[]): ImportedFailure[] {
  const kept: ImportedFailure[] = [];
  let bytes = 0;
  for (const { failure, time } of sent.slice(-LIMIT.failures).reverse()) {
    const read = readFailure(failure);
    const one = create(ImportedFailureSchema, { failure: read.stored(reasonOf(read)) });
    if (time !== undefined) one.time = time;
    bytes += toBinary(ImportedFailureSchema, one).length;
    if (bytes > LIMIT.failureBytes) break;
    kept.push(one);
  }
  return kept.reverse();
}
