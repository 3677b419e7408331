import { create, type DescMessage, type Message, toBinary } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  PreconditionFailureSchema,
  QuotaFailureSchema,
  RetryInfoSchema,
} from "../../gen/google/rpc/error_details_pb.ts";
import type { DlqErrorDetail } from "../core/errors.ts";
import { cutUtf8 } from "../core/utf8.ts";

/** A google.rpc detail with its type, for an error and for a batch's result. */
export interface ErrorDetail {
  desc: DescMessage;
  value: Message;
}

/**
 * Details are sent in HTTP trailers, which peers limit to 8 KiB and proxies to less. Base64 adds a
 * third, and the message is sent twice: with these limits the total stays below 4 KiB.
 */
const VIOLATIONS_BYTES = 1_400;
const FIELD_BYTES = 160;
const DESCRIPTION_BYTES = 320;
const DOMAIN = "dlq.v1";

export function errorInfo(reason: string, metadata: Record<string, string> = {}): ErrorDetail {
  const value = create(ErrorInfoSchema, { domain: DOMAIN, reason, metadata });
  return { desc: ErrorInfoSchema, value };
}

export function retryInfo(retryAfterMs: number): ErrorDetail {
  const value = create(RetryInfoSchema, { retryDelay: durationFromMs(retryAfterMs) });
  return { desc: RetryInfoSchema, value };
}

/** Returns the details of a kind, besides the ErrorInfo of every error. */
export function detailsOf(detail: DlqErrorDetail): ErrorDetail[] {
  switch (detail.kind) {
    case "INVALID": {
      const fieldViolations = keepShort(detail.violations, (v) => v.field).map(
        ([field, description]) => ({ field, description }),
      );
      return [{ desc: BadRequestSchema, value: create(BadRequestSchema, { fieldViolations }) }];
    }
    case "PAYLOAD_TOO_LARGE":
    case "LIMIT":
      return [quotaFailure(detail.violations)];
    case "STORE_FULL":
      return [quotaFailure(detail.violations), retryInfo(detail.retryAfterMs)];
    case "STORE_UNAVAILABLE":
    case "ABORTED":
    case "QUEUE_DELETING":
    case "BUSY":
      return [retryInfo(detail.retryAfterMs)];
    case "PRECONDITION": {
      const one = keepShort([detail], (d) => d.subject);
      const violations = one.map(([subject, description]) => ({
        type: "PRECONDITION",
        subject,
        description,
      }));
      const value = create(PreconditionFailureSchema, { violations });
      return [{ desc: PreconditionFailureSchema, value }];
    }
    case "NOT_FOUND":
    case "STALE_ETAG":
    case "UNAUTHENTICATED":
    case "DAMAGED":
    case "INTERNAL":
      return [];
  }
}

type QuotaViolations = readonly { subject: string; description: string }[];

function quotaFailure(found: QuotaViolations): ErrorDetail {
  const violations = keepShort(found, (v) => v.subject).map(([subject, description]) => ({
    subject,
    description,
  }));
  return { desc: QuotaFailureSchema, value: create(QuotaFailureSchema, { violations }) };
}

/** As many violations as fit, with long texts cut. The last one counts the rest. */
function keepShort<V extends { description: string }>(
  found: readonly V[],
  name: (violation: V) => string,
): [name: string, description: string][] {
  const kept: [string, string][] = [];
  let bytes = 0;
  for (const violation of found) {
    const field = safeText(name(violation), FIELD_BYTES);
    const description = safeText(violation.description, DESCRIPTION_BYTES);
    bytes += Buffer.byteLength(field) + Buffer.byteLength(description) + 8;
    if (bytes > VIOLATIONS_BYTES) break;
    kept.push([field, description]);
  }
  const left = found.length - kept.length;
  if (left > 0) kept.push(["", `${left} more violations are not listed`]);
  return kept;
}

/** Cuts a text and removes lone surrogates, on which percent-encoding throws. */
export function safeText(text: string, maxBytes: number): string {
  const whole = text.toWellFormed();
  const cut = cutUtf8(whole, maxBytes);
  return cut === whole ? cut : `${cutUtf8(whole, maxBytes - 3)}…`;
}

export function encodeDetail({ desc, value }: ErrorDetail): Uint8Array {
  return toBinary(desc, value);
}
