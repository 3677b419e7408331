import { Code, ConnectError } from "@connectrpc/connect";
import { oneLine, textOf } from "./error-chain.ts";
import { DlqClientError, type DlqErrorKind } from "./errors.ts";
import { errorReason, hasRetryInfo } from "./google-details.ts";
import { safeRead, safeText } from "./safe-read.ts";
import { NoTokenError } from "./token.ts";

/** Statuses after which the same call may be made again under its request id. */
const RETRYABLE: ReadonlySet<number> = new Set([
  Code.Unavailable,
  Code.DeadlineExceeded, // of one try; the send has its own deadline
  Code.Aborted,
]);

/** Statuses that Connect and HTTP/2 make of a broken connection, without an answer of a server. */
const BROKEN_CONNECTION: ReadonlySet<number> = new Set([
  Code.Internal,
  Code.Unknown,
  Code.Canceled,
  Code.ResourceExhausted, // HTTP/2's ENHANCE_YOUR_CALM
]);

/** Statuses that prove that the server did not store the message. */
const NOT_STORED: ReadonlySet<number> = new Set([
  Code.InvalidArgument,
  Code.NotFound,
  Code.PermissionDenied,
  Code.ResourceExhausted,
  Code.FailedPrecondition,
  Code.OutOfRange,
  Code.Unimplemented,
  Code.Unauthenticated,
]);

/** Statuses that no later try of the same call can change. */
const PERMANENT: ReadonlySet<number> = new Set([
  Code.InvalidArgument,
  Code.NotFound,
  Code.FailedPrecondition,
  Code.OutOfRange,
  Code.Unimplemented,
]);

/** The cause of a call without a connection: the port refused it, the TLS handshake failed, and so on. */
export class NotConnectedError extends Error {
  override readonly name = "NotConnectedError";
  /** Node's code. */
  readonly code: string;

  constructor(message: string, cause: unknown) {
    super(message, { cause });
    this.code = safeText(cause, "code");
  }
}

/** Node's codes of connections that a transport of the program did not make. */
const NOT_CONNECTED: ReadonlySet<unknown> = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN"]);

/** Returns what a call threw as a ConnectError. Interceptors of the program may throw anything. */
export function callErrorOf(thrown: unknown): ConnectError {
  try {
    return ConnectError.from(thrown);
  } catch {
    return new ConnectError(textOf(thrown), Code.Unknown); // a value that cannot be read
  }
}

/**
 * Reports whether the same call can safely be made again, and may then succeed. Errors of the service
 * always carry details: INTERNAL or CANCELLED without them is a broken connection, such as of a server
 * that stops.
 */
export function isRetryable(error: ConnectError): boolean {
  if (RETRYABLE.has(error.code)) return true;
  if (error.code === Code.ResourceExhausted && hasRetryInfo(error)) return true;
  if (!BROKEN_CONNECTION.has(error.code) || error.details.length > 0) return false;
  return !isUnencodable(error) && !isTooLargeForProxy(error);
}

/** Reports whether the error is an answer of a reachable service. */
export function isAnswer(error: ConnectError): boolean {
  return !isRetryable(error) || error.code === Code.ResourceExhausted;
}

/**
 * Reports whether no later try can help. An error without details may come from a proxy, so it is not
 * permanent. Nor is a refused token, which may be replaced, or a full queue.
 */
export function isPermanent(error: ConnectError): boolean {
  if (isUnencodable(error)) return true;
  if (error.details.length === 0) return false;
  if (error.code === Code.ResourceExhausted) return errorReason(error) === "TOO_LARGE";
  return PERMANENT.has(error.code);
}

/** Reports whether a call timed out in this process: no server answered. */
export function isTimeout(error: unknown): boolean {
  return (
    error instanceof ConnectError &&
    error.code === Code.DeadlineExceeded &&
    error.details.length === 0
  );
}

/** Reports whether protobuf refused to encode the request: no byte of it was sent. */
export function isUnencodable(error: ConnectError): boolean {
  return error.code === Code.Internal && error.rawMessage.startsWith("serialize ");
}

/**
 * Reports whether a proxy refused the call with HTTP 413, as nginx does by default beyond 1 MiB. A
 * smaller call may pass. Only the text of the error has the number.
 */
export function isTooLargeForProxy(error: ConnectError): boolean {
  return (
    error.code === Code.Unknown && error.details.length === 0 && /\b413\b/.test(error.rawMessage)
  );
}

/**
 * Reports whether the call was certainly not sent, because there was no connection or no token.
 * ETIMEDOUT alone is no proof: a connection that carried the call may end with it, too.
 */
export function wasNeverSent(error: ConnectError): boolean {
  if (error.code !== Code.Unavailable || error.details.length > 0) return false;
  const { cause } = error;
  if (cause instanceof NoTokenError || cause instanceof NotConnectedError) return true;
  return NOT_CONNECTED.has(safeRead(cause, "code")) || safeRead(cause, "syscall") === "connect";
}

/**
 * Returns the client's error for a call that the server refused.
 *
 * @param wasMaybeStored whether an earlier try may have stored the message
 */
export function refusalOf(error: ConnectError, wasMaybeStored = false): DlqClientError {
  const { code } = error;
  const isLocal = isUnencodable(error);
  const kind = isLocal ? "invalid" : kindOf(code);
  const isTooLarge = isTooLargeForProxy(error);
  const maybeStored = wasMaybeStored || !(isLocal || isTooLarge || NOT_STORED.has(code));
  const text = callErrorText(error).replace(HEADER_ADVICE, "");
  const message = `${text}${isTooLarge ? RAISE_LIMIT : (ADVICE[code] ?? "")}`;
  return new DlqClientError(kind, message, { code, cause: error, maybeStored });
}

function kindOf(code: Code): DlqErrorKind {
  return code === Code.Unauthenticated || code === Code.PermissionDenied
    ? "unauthenticated"
    : "refused";
}

const IS_IT_GRPC = "; is `url` the gRPC address of a DLQ server (port 50051 by default)?";

const ADVICE: Readonly<Partial<Record<Code, string>>> = {
  [Code.Unauthenticated]: "; give the client a valid `token`",
  [Code.Unimplemented]: IS_IT_GRPC,
  [Code.NotFound]: IS_IT_GRPC,
};

/** The service's advice, for calls without a client. */
const HEADER_ADVICE = /; send the header `authorization.*/;

const RAISE_LIMIT = "; a proxy refuses calls of this size: raise its limit";

/**
 * Returns why no server has accepted a message, and what to check.
 *
 * @param lastError undefined: no try has failed yet
 */
export function unansweredReason(lastError: unknown): string {
  if (lastError === undefined) return `the server did not answer; ${IS_IT_UP}`;
  const advice = connectionAdvice(lastError);
  return `${callErrorText(lastError)}${advice && `; ${advice}`}`;
}

/** Returns why a call failed, of a refusal or without an answer, and what to check. */
export function whyFailed(error: unknown): string {
  const isRefusal = error instanceof ConnectError && !isRetryable(error);
  return isRefusal ? refusalOf(error).message : unansweredReason(error);
}

const IS_IT_UP = "is the server at `url` up?";

/** Empty for an answer of the service, and for a missing token. */
function connectionAdvice(error: unknown): string {
  if (!(error instanceof ConnectError) || error.details.length > 0) return "";
  const { cause } = error;
  if (cause instanceof NoTokenError) return "";
  const code = safeText(cause, "code");
  if (TLS_ALERT.test(code)) return "does the server require `tls.cert` and `tls.key`?";
  if (code.startsWith("ERR_SSL_")) return "does the server have TLS? Without it, use http:";
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return "give the name in the certificate as `tls.serverName`";
  }
  if (code.startsWith("CERT_")) return ""; // the text says it: expired, revoked
  if (UNTRUSTED.test(code)) return "give the certificate of its authority as `tls.ca`";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "is the host in `url` right?";
  if (BROKEN_CONNECTION.has(error.code)) {
    return "is `url` the gRPC address of a running server (port 50051 by default), with https: if it has TLS?";
  }
  return IS_IT_UP;
}

/** Node's codes of handshakes that the server refused. */
const TLS_ALERT = /^ERR_SSL_.*_ALERT_/;

/** Node's codes of certificates without a known authority. */
const UNTRUSTED = /SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET_ISSUER)/;

/** The texts of OpenSSL, which have the place in its sources. */
const OPENSSL = /^\w+:error:\w+:SSL routines:\w*:([^:]+):.*$/;

/** Returns the text of an error on one line, without `[code]`, which has its own field. */
export function callErrorText(error: unknown): string {
  const text = error instanceof ConnectError ? error.rawMessage || error.message : String(error);
  return oneLine(text).replace(OPENSSL, "TLS failed: $1");
}
