import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { type ErrorStatus, ErrorStatusSchema } from "../../gen/dlq/v1/dlq_service_pb.ts";
import type { DlqError, DlqErrorKind } from "../core/errors.ts";
import {
  detailsOf,
  type ErrorDetail,
  encodeDetail,
  errorInfo,
  retryInfo,
  safeText,
} from "./error-details.ts";

/**
 * The one place where kinds of errors meet gRPC codes. `reason` is part of the contract: clients
 * branch on it, so it never changes.
 */
const KINDS = {
  INVALID: { code: Code.InvalidArgument, reason: "INVALID_REQUEST" },
  NOT_FOUND: { code: Code.NotFound, reason: "NOT_FOUND" },
  PAYLOAD_TOO_LARGE: { code: Code.ResourceExhausted, reason: "TOO_LARGE" },
  LIMIT: { code: Code.ResourceExhausted, reason: "QUEUE_LIMIT" },
  STORE_UNAVAILABLE: { code: Code.Unavailable, reason: "STORE_UNAVAILABLE" },
  STORE_FULL: { code: Code.ResourceExhausted, reason: "STORE_FULL" },
  PRECONDITION: { code: Code.FailedPrecondition, reason: "PRECONDITION_FAILED" },
  ABORTED: { code: Code.Aborted, reason: "CONFLICT" },
  QUEUE_DELETING: { code: Code.Unavailable, reason: "QUEUE_DELETING" },
  STALE_ETAG: { code: Code.Aborted, reason: "ETAG_MISMATCH" },
  UNAUTHENTICATED: { code: Code.Unauthenticated, reason: "UNAUTHENTICATED" },
  INTERNAL: { code: Code.Internal, reason: "INTERNAL" },
} as const satisfies Record<DlqErrorKind, { code: Code; reason: string }>;

/** What is no request at all, as opposed to one that asks for something impossible. */
const MALFORMED = "MALFORMED_REQUEST";

/** A percent-encoded message takes up to three times its bytes, and it is sent twice. */
const MESSAGE_BYTES = 360;

/** `errorId`: given to INTERNAL errors, so that a report can be found in the log. */
export function toConnectError(error: DlqError, errorId?: string): ConnectError {
  const { code, message, details } = render(error, errorId);
  return connectError(message, code, details);
}

/** The same content inside a response, for one request of a batch. */
export function toErrorStatus(error: DlqError, errorId?: string): ErrorStatus {
  const { code, message, details } = render(error, errorId);
  return create(ErrorStatusSchema, {
    code,
    message,
    details: details.map((detail) =>
      create(AnySchema, {
        typeUrl: `type.googleapis.com/${detail.desc.typeName}`,
        value: encodeDetail(detail),
      }),
    ),
  });
}

function render(error: DlqError, errorId: string | undefined) {
  const { code, reason } = KINDS[error.kind];
  const isInternal = error.kind === "INTERNAL" && errorId !== undefined;
  return {
    code,
    // What a bug says of itself is for the log: it may quote data of somebody else.
    message: isInternal
      ? `an unexpected error of the server; its log has the cause under ${errorId}`
      : safeText(error.message, MESSAGE_BYTES),
    details: [
      errorInfo(reason, isInternal ? { error_id: errorId } : {}),
      ...detailsOf(error.detail),
    ],
  };
}

/** The server gave up waiting. What was under way may still take effect. */
export function deadlineExceeded(timeoutMs: number | undefined): ConnectError {
  const after = timeoutMs === undefined ? "the call's deadline" : `${Math.round(timeoutMs)} ms`;
  return connectError(
    `not finished within ${after}; it may still take effect: retry with the same request_id`,
    Code.DeadlineExceeded,
    [errorInfo("DEADLINE_EXCEEDED")],
  );
}

/** The client hung up or cancelled. Nobody reads this, but the log and the metrics count it. */
export function canceled(): ConnectError {
  return connectError("the client ended the call", Code.Canceled, [errorInfo("CANCELED")]);
}

/** The server ends a call that outlived its grace period. */
export function stopping(): ConnectError {
  return connectError("the server stops; call again, another one may answer", Code.Unavailable, [
    errorInfo("SERVER_STOPPING"),
    retryInfo(1_000),
  ]);
}

/** A message beyond what its method takes, or beyond what was to be inflated. */
export function tooLarge(limit: number | string): ConnectError {
  return beyondLimit(`larger than ${limit} bytes; send fewer or smaller messages`);
}

/** A message of so many parts that decoding it would hold up everybody else. */
export function tooCrowded(words: string): ConnectError {
  return beyondLimit(`of ${words}; send fewer in one call`);
}

/** No fault of this request: room comes back as others are complete, so it is worth trying again. */
export function tooManyUnfinished(): ConnectError {
  return connectError(
    "the server holds too many requests that are not complete; nothing was changed, call again",
    Code.Unavailable,
    [errorInfo("SERVER_BUSY"), retryInfo(1_000)],
  );
}

function beyondLimit(description: string): ConnectError {
  const violations = [{ subject: "request", description }];
  return connectError(`the request is ${description}`, Code.ResourceExhausted, [
    errorInfo(KINDS.PAYLOAD_TOO_LARGE.reason),
    ...detailsOf({ kind: "PAYLOAD_TOO_LARGE", violations }),
  ]);
}

/** No request at all, with the code that the protocol names for it. */
export function malformedRequest(words: string, code = Code.InvalidArgument): ConnectError {
  return connectError(safeText(words, MESSAGE_BYTES), code, [errorInfo(MALFORMED)]);
}

export function unimplemented(words: string): ConnectError {
  return connectError(safeText(words, MESSAGE_BYTES), Code.Unimplemented, [
    errorInfo("UNIMPLEMENTED"),
  ]);
}

/**
 * Words and an ErrorInfo for what Connect itself refuses before an implementation runs: it knows
 * nothing of our details. Undefined for codes that need none.
 */
export function explainTransportError(code: number, message: string): ConnectError | undefined {
  if (code === Code.ResourceExhausted) {
    return tooLarge(/readMaxBytes (\d+)/.exec(message)?.[1] ?? "the limit of");
  }
  // Connect calls unreadable bytes an internal error; they are the sender's.
  const unreadable = code === Code.Internal && message.startsWith("parse binary: ");
  if (code !== Code.InvalidArgument && !unreadable) return undefined;
  return malformedRequest(unreadable ? `${UNREADABLE}: ${message}` : message);
}

export const UNREADABLE = "not a message of this method";

/** A request that is no call: the wrong HTTP method (405) or content type (415). */
export function notCallable(httpStatus: number, contentType: string): ConnectError {
  const words =
    httpStatus === 405
      ? `methods are called by POST, with content-type: ${contentType}`
      : `no content type of this method; send content-type: ${contentType}`;
  const streams = contentType.includes("connect+")
    ? ", each message with Connect's 5-byte prefix"
    : "";
  return connectError(words + streams, Code.InvalidArgument, [errorInfo(MALFORMED)]);
}

function connectError(message: string, code: Code, details: readonly ErrorDetail[]): ConnectError {
  return new ConnectError(
    message,
    code,
    undefined,
    details.map(({ desc, value }) => ({
      desc,
      value: value as MessageInitShape<typeof desc>,
    })),
  );
}

/** `INVALID_ARGUMENT`: the name that logs and metrics use. */
export function codeName(code: Code): string {
  return CODE_NAMES[code] ?? "UNKNOWN";
}

const CODE_NAMES: Readonly<Record<number, string>> = Object.freeze(
  Object.fromEntries(
    Object.entries(Code)
      .filter((entry): entry is [string, Code] => typeof entry[1] === "number")
      // Code.Canceled is CANCELLED in gRPC's own list.
      .map(([name, number]) => [
        number,
        name === "Canceled" ? "CANCELLED" : name.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase(),
      ]),
  ),
);
