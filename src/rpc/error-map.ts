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
 * Maps kinds of errors to gRPC codes. `reason` is part of the contract: clients branch on it, so it
 * never changes.
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
  BUSY: { code: Code.Unavailable, reason: "SERVER_BUSY" },
  STALE_ETAG: { code: Code.Aborted, reason: "ETAG_MISMATCH" },
  UNAUTHENTICATED: { code: Code.Unauthenticated, reason: "UNAUTHENTICATED" },
  DAMAGED: { code: Code.DataLoss, reason: "DAMAGED" },
  INTERNAL: { code: Code.Internal, reason: "INTERNAL" },
} as const satisfies Record<DlqErrorKind, { code: Code; reason: string }>;

/** For bytes that are not a valid request at all. */
const MALFORMED = "MALFORMED_REQUEST";

/** A percent-encoded message has up to three times its bytes and is sent twice. */
const MESSAGE_BYTES = 360;

/** `errorId` is for INTERNAL errors: it finds the cause in the log. */
export function toConnectError(error: DlqError, errorId?: string): ConnectError {
  const { code, message, details } = render(error, errorId);
  return connectError(message, code, details);
}

/** The same error inside a response, for one request of a batch. */
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
    // Details of a bug are only logged: they may contain another client's data.
    message: isInternal
      ? `unexpected error; the server's log has the cause under ${errorId}`
      : safeText(error.message, MESSAGE_BYTES),
    details: [
      errorInfo(reason, isInternal ? { error_id: errorId } : {}),
      ...detailsOf(error.detail),
    ],
  };
}

/** The server stopped waiting. The work may still take effect. */
export function deadlineExceeded(timeoutMs: number | undefined): ConnectError {
  const after = timeoutMs === undefined ? "the call's deadline" : `${Math.round(timeoutMs)} ms`;
  return connectError(
    `not finished within ${after}; a change may still take effect: repeat it with the same request_id`,
    Code.DeadlineExceeded,
    [errorInfo("DEADLINE_EXCEEDED")],
  );
}

/** One for all calls: a stack for each would cost most of a cancelled call. */
let theCanceled: ConnectError | undefined;

/** The client disconnected or cancelled. Only log and metrics see this error. */
export function canceled(): ConnectError {
  theCanceled ??= connectError("the client ended the call", Code.Canceled, [errorInfo("CANCELED")]);
  return theCanceled;
}

/** The server stops and ends a call after its grace period. */
export function stopping(): ConnectError {
  return connectError("the server is stopping; call again to reach another one", Code.Unavailable, [
    errorInfo("SERVER_STOPPING"),
    retryInfo(1_000),
  ]);
}

/** A message is larger than its method allows, before or after decompression. */
export function tooLarge(limitBytes: number): ConnectError {
  return beyondLimit(`is larger than ${limitBytes} bytes; send fewer or smaller messages`);
}

function responseTooLarge(limitBytes: number): ConnectError {
  return beyondLimit(
    `is larger than ${limitBytes} bytes; ask for fewer queues or messages in one call`,
    "response",
  );
}

/** A message has so many parts that decoding it would block other calls. */
export function tooManyFields(excess: string): ConnectError {
  return beyondLimit(`has ${excess}; send fewer messages in one call, or nest less deeply`);
}

/** A peer of a stream sends requests and does not read the responses. */
export function tooFarAhead(limitBytes: number): ConnectError {
  return beyondLimit(
    `is followed by more than ${limitBytes} bytes of further requests; read the responses before you send more`,
  );
}

/** Too many incomplete requests. There is room again when others complete, so a retry helps. */
export function tooManyIncomplete(): ConnectError {
  return connectError(
    "the server has too many incomplete requests; nothing was changed; call again",
    Code.Unavailable,
    [errorInfo("SERVER_BUSY"), retryInfo(1_000)],
  );
}

/** Open streams ask for too many queues. There is room again when streams end. */
export function tooManyStreamQueues(whose: string, limit: number): ConnectError {
  return connectError(
    `the streams of ${whose} would ask for more than ${limit} queues in total; ask for fewer, use another server, or raise max_stream_queues`,
    Code.Unavailable,
    [errorInfo("SERVER_BUSY"), retryInfo(5_000)],
  );
}

/** Open streams of Health.Watch. There is room again when streams end. */
export function tooManyWatches(whose: `${string} ${"has" | "have"}`, limit: number): ConnectError {
  return connectError(
    `${whose} ${limit} streams of Health.Watch, the most that are allowed; end some, or call Health.Check`,
    Code.ResourceExhausted,
    [errorInfo("WATCH_LIMIT"), retryInfo(60_000)],
  );
}

/** A request whose `Host` or `Origin` is not allowed: a foreign web page may have caused it. */
export function notAllowed(what: "host" | "origin", value: string): ConnectError {
  return connectError(
    `the ${what} ${value} is not allowed on this port; if it is yours, add it to http_${what}s in the server's configuration`,
    Code.PermissionDenied,
    [what === "host" ? errorInfo("HOST_NOT_ALLOWED") : errorInfo("ORIGIN_NOT_ALLOWED")],
  );
}

/** A link or a picture of a web page elsewhere. */
export function crossSite(): ConnectError {
  return connectError(
    "a request by a web page of another site is not allowed on this port; enter its address instead",
    Code.PermissionDenied,
    [errorInfo("ORIGIN_NOT_ALLOWED")],
  );
}

function beyondLimit(predicate: string, subject = "request"): ConnectError {
  const violations = [{ subject, description: predicate }];
  return connectError(`the ${subject} ${predicate}`, Code.ResourceExhausted, [
    errorInfo(KINDS.PAYLOAD_TOO_LARGE.reason),
    ...detailsOf({ kind: "PAYLOAD_TOO_LARGE", violations }),
  ]);
}

/** Bytes that are not a valid request, with the protocol's code for it. */
export function malformedRequest(message: string, code = Code.InvalidArgument): ConnectError {
  return connectError(safeText(message, MESSAGE_BYTES), code, [errorInfo(MALFORMED)]);
}

export function unimplemented(message: string): ConnectError {
  return connectError(safeText(message, MESSAGE_BYTES), Code.Unimplemented, [
    errorInfo("UNIMPLEMENTED"),
  ]);
}

/**
 * Adds a message and an ErrorInfo to errors that Connect raises before an implementation runs.
 * Returns undefined for codes that need none.
 */
export function explainTransportError(code: number, message: string): ConnectError | undefined {
  if (code === Code.ResourceExhausted) {
    const response = /writeMaxBytes (\d+)/.exec(message);
    if (response !== null) return responseTooLarge(Number(response[1]));
    const request = /readMaxBytes (\d+)/.exec(message);
    return request === null ? undefined : tooLarge(Number(request[1]));
  }
  // Connect reports unreadable bytes as an internal error; the sender caused it.
  const unreadable = code === Code.Internal && message.startsWith("parse binary: ");
  if (code !== Code.InvalidArgument && !unreadable) return undefined;
  return malformedRequest(unreadable ? `${NOT_A_MESSAGE}: ${message}` : message);
}

export const NOT_A_MESSAGE = "not a valid message of this method";

/** A request with the wrong HTTP method (405) or content type (415). */
export function notCallable(httpStatus: number, contentType: string): ConnectError {
  const message =
    httpStatus === 405
      ? `call methods with POST and content-type: ${contentType}`
      : `wrong content type; send content-type: ${contentType}`;
  const streams = contentType.includes("connect+")
    ? ", each message with Connect's 5-byte prefix"
    : "";
  return connectError(message + streams, Code.InvalidArgument, [errorInfo(MALFORMED)]);
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

/** The name of a code in logs and metrics, e.g. `INVALID_ARGUMENT`. */
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
