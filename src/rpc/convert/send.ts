import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type {
  SendNumber,
  SendToDlqRequest,
  SendToDlqResponse,
} from "../../../gen/dlq/v1/dlq_service_pb.ts";
import { SendToDlqResponseSchema } from "../../../gen/dlq/v1/dlq_service_pb.ts";
import type { SendCommand, SendResult } from "../../app/commands.ts";
import { encodeEnvelope } from "../../codec/envelope.ts";
import { valueIn } from "../../core/delivery-rules.ts";
import { formatMessageId } from "../../core/message-id.ts";
import { QUARANTINE_REASONS, REASONS } from "../../core/reason.ts";
import type { RuleFacts } from "../../rules/facts.ts";
import { checkMap, checkQueue, checkRequestId } from "./checks.ts";
import { readFailure } from "./failure.ts";
import { readImportedHistory } from "./imported-history.ts";
import { WIRE_LIMITS } from "./limits.ts";
import { checkPayload, hashPayload } from "./payload.ts";
import { readRetry } from "./retry-policy.ts";
import { STATE_NUMBERS } from "./states.ts";
import { checkText } from "./text.ts";
import { readDurationMs, readTimestampMs } from "./time.ts";
import { Violations } from "./violations.ts";

export interface SendRules {
  payloadMaxBytes: number;
  /** The wall clock, only to refuse due times that are absurdly far ahead. */
  nowMs: number;
}

/** Throws a DlqError that names every wrong field, each behind `prefix`. */
export function readSend(request: SendToDlqRequest, rules: SendRules, prefix = ""): SendCommand {
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
    encodeEnvelope: (reason) =>
      encodeEnvelope(request, failure.stored(reason), importedHistory?.stored),
    failure,
    importedHistory: importedHistory?.facts,
    sourceId: request.sourceId,
    dedupKey: request.dedupKey,
    // Lazy: a hash of every payload would be paid by senders that never ask for dedup.
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
  // Assigned field by field: this runs for every message, and `create` with values walks them.
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
