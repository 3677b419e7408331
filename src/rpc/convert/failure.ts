import { create, toBinary } from "@bufbuild/protobuf";
import { type Duration, durationFromMs } from "@bufbuild/protobuf/wkt";
import { type Failure, FailureSchema } from "../../../gen/dlq/v1/failure_pb.ts";
import type { FailureRecord } from "../../app/commands.ts";
import { REASONS, type Reason, reasonFromNumber } from "../../core/reason.ts";
import { cutUtf8, exceedsUtf8 } from "../../core/utf8.ts";
import { WIRE_LIMITS } from "./limits.ts";
import { durationProblem, toMs } from "./time.ts";

const LIMIT = WIRE_LIMITS.failure;

/** A failure, cut to its limits: facts for decisions, and the message to store. */
export interface ReadFailure extends FailureRecord {
  /** Returns the message to store, with this reason. */
  stored(reason: Reason): Failure;
}

/**
 * Never refuses a failure: a sender cannot fix it, and cutting it is better than losing the message.
 * Sets `truncated` if anything was cut.
 */
export function readFailure(sent: Failure | undefined): ReadFailure {
  const failure = sent === undefined ? create(FailureSchema) : cut(sent);
  const grpcCode = failure.grpcCode;
  const httpStatus = failure.httpStatus;
  const stored = (reason: Reason): Failure => {
    // An unknown number is kept for newer clients.
    if (failure.reason === 0) failure.reason = REASONS[reason];
    return failure;
  };
  return {
    reason: reasonFromNumber(failure.reason),
    type: failure.type,
    message: failure.message,
    stackTrace: failure.stackTrace,
    fingerprint: failure.fingerprint,
    retryAfterMs: failure.retryAfter && toMs(failure.retryAfter),
    retryAfterText: retryAfterText(failure.attributes),
    attributes: failure.attributes,
    grpcCode: isWithin(grpcCode, 0, 16) ? grpcCode : undefined,
    httpStatus: isWithin(httpStatus, 100, 599) ? httpStatus : undefined,
    stored,
    // Unknown fields are dropped, since no limit covers their size.
    encode: (reason) => toBinary(FailureSchema, stored(reason), { writeUnknownFields: false }),
  };
}

function cut(sent: Failure): Failure {
  const type = cutUtf8(sent.type, LIMIT.typeBytes);
  const message = cutUtf8(sent.message, LIMIT.messageBytes);
  const stackTrace = cutUtf8(sent.stackTrace, LIMIT.stackTraceBytes);
  const attributes = cutAttributes(sent.attributes);
  const fingerprint = cutUtf8(sent.fingerprint, LIMIT.fingerprintBytes);
  const truncated =
    type !== sent.type ||
    message !== sent.message ||
    stackTrace !== sent.stackTrace ||
    fingerprint !== sent.fingerprint ||
    attributes !== sent.attributes;
  const failure = create(FailureSchema);
  failure.reason = sent.reason;
  failure.type = type;
  failure.message = message;
  failure.stackTrace = stackTrace;
  failure.attributes = attributes;
  failure.fingerprint = fingerprint;
  failure.truncated = truncated;
  if (sent.grpcCode !== undefined) failure.grpcCode = sent.grpcCode;
  if (sent.httpStatus !== undefined) failure.httpStatus = sent.httpStatus;
  const retryAfter = cutRetryAfter(sent.retryAfter);
  if (retryAfter !== undefined) failure.retryAfter = retryAfter;
  return failure;
}

/** Cuts to 30 days. Invalid and negative durations are dropped. */
function cutRetryAfter(sent: Duration | undefined): Duration | undefined {
  if (sent === undefined) return undefined;
  if (durationProblem(sent, 0, WIRE_LIMITS.retryDelayMs) === undefined) return sent;
  const isLong = durationProblem(sent, 0, Number.POSITIVE_INFINITY) === undefined;
  return isLong ? durationFromMs(WIRE_LIMITS.retryDelayMs) : undefined;
}

/** Finds the HTTP header in any case. */
function retryAfterText(attributes: Readonly<Record<string, string>>): string | undefined {
  for (const key of Object.keys(attributes)) {
    if (key.length === 11 && key.toLowerCase() === "retry-after") return attributes[key];
  }
  return undefined;
}

/** Returns the same object if nothing was cut. */
function cutAttributes(sent: Record<string, string>): Record<string, string> {
  const { count, keyBytes, valueBytes } = LIMIT.attributes;
  const entries = Object.entries(sent);
  const fits = (key: string, value: string) =>
    !exceedsUtf8(key, keyBytes) && !exceedsUtf8(value, valueBytes);
  if (entries.length <= count && entries.every(([key, value]) => fits(key, value))) return sent;
  return Object.fromEntries(
    entries
      .slice(0, count)
      .map(([key, value]) => [cutUtf8(key, keyBytes), cutUtf8(value, valueBytes)]),
  );
}

function isWithin(value: number | undefined, min: number, max: number): value is number {
  return value !== undefined && value >= min && value <= max;
}
