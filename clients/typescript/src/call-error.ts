import { Code, ConnectError } from "@connectrpc/connect";
import { textOf } from "./error-chain.ts";
import { DlqClientError, type DlqErrorKind } from "./errors.ts";
import { errorReason, hasRetryInfo } from "./google-details.ts";
import { peek } from "./peek.ts";

/** Statuses after which the same call may be made again under its request id. */
const AGAIN: ReadonlySet<number> = new Set([
  Code.Unavailable,
  Code.DeadlineExceeded, // of one try; the send has a deadline of its own
  Code.Aborted,
]);

/** What a broken connection becomes on its way through HTTP/2, where no server has spoken. */
const BROKEN: ReadonlySet<number> = new Set([
  Code.Internal,
  Code.Unknown,
  Code.Canceled,
  Code.ResourceExhausted, // HTTP/2's ENHANCE_YOUR_CALM
]);

/** Statuses by which a server says that it did not take a call. */
const NOT_TAKEN: ReadonlySet<number> = new Set([
  Code.InvalidArgument,
  Code.NotFound,
  Code.PermissionDenied,
  Code.ResourceExhausted,
  Code.FailedPrecondition,
  Code.OutOfRange,
  Code.Unimplemented,
  Code.Unauthenticated,
]);

/** What the service refuses however often it is asked. */
const FOR_GOOD: ReadonlySet<number> = new Set([
  Code.InvalidArgument,
  Code.NotFound,
  Code.FailedPrecondition,
  Code.OutOfRange,
  Code.Unimplemented,
]);

/** What Node says of connections that never came to be. */
const NO_CONNECTION: ReadonlySet<unknown> = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN"]);

/** Of whatever a call has thrown, an interceptor of the program's included. */
export function callErrorOf(thrown: unknown): ConnectError {
  try {
    return ConnectError.from(thrown);
  } catch {
    return new ConnectError(textOf(thrown), Code.Unknown); // it can't be read
  }
}

/**
 * Whether it makes sense, and is safe, to make the same call again. The server's own errors always
 * carry details; without them an INTERNAL or CANCELLED is a connection that ended, as it does while
 * a server stops.
 */
export function isWorthAgain(error: ConnectError): boolean {
  if (AGAIN.has(error.code)) return true;
  if (error.code === Code.ResourceExhausted && hasRetryInfo(error)) return true;
  if (!BROKEN.has(error.code) || error.details.length > 0) return false;
  return !cannotBeWritten(error) && !isTooLargeOnTheWay(error);
}

/**
 * Whether no later try can help. The service's own errors always carry details: without them, a proxy
 * may have spoken. A token may become right, and a full queue get room.
 */
export function isForGood(error: ConnectError): boolean {
  if (cannotBeWritten(error)) return true;
  if (error.details.length === 0) return false;
  if (error.code === Code.ResourceExhausted) return errorReason(error) === "TOO_LARGE";
  return FOR_GOOD.has(error.code);
}

/** Nobody has answered in time, or said that nobody can. */
export function isSilent(error: unknown): boolean {
  return (
    error instanceof ConnectError &&
    error.code === Code.DeadlineExceeded &&
    error.details.length === 0
  );
}

/** The request has a value that protobuf does not take: no byte of it went out. */
export function cannotBeWritten(error: ConnectError): boolean {
  return error.code === Code.Internal && error.rawMessage.startsWith("serialize ");
}

/**
 * HTTP 413: a proxy takes no call of that size, as nginx by default of more than 1 MiB. A smaller one may
 * pass. Only the words have the number.
 */
export function isTooLargeOnTheWay(error: ConnectError): boolean {
  return (
    error.code === Code.Unknown && error.details.length === 0 && /\b413\b/.test(error.rawMessage)
  );
}

/**
 * The call can't have had an effect: nobody was there to take it. An ETIMEDOUT may also be the end of
 * a connection that had carried it.
 */
export function neverArrived(error: ConnectError): boolean {
  if (error.code !== Code.Unavailable || error.details.length > 0) return false;
  const { cause } = error;
  return NO_CONNECTION.has(peek(cause, "code")) || peek(cause, "syscall") === "connect";
}

/**
 * The error of a call that a server's word has ended.
 *
 * @param wasMaybeStored an earlier try may have had its effect, of which this refusal says nothing
 */
export function refusalOf(error: ConnectError, wasMaybeStored = false): DlqClientError {
  const { code } = error;
  const isLocal = cannotBeWritten(error);
  const kind = isLocal ? "invalid" : kindOf(code);
  const isTooLarge = isTooLargeOnTheWay(error);
  const maybeStored = wasMaybeStored || !(isLocal || isTooLarge || NOT_TAKEN.has(code));
  const words = `${wordsOf(error)}${isTooLarge ? RAISE_LIMIT : (ADVICE[code] ?? "")}`;
  return new DlqClientError(kind, words, { code, cause: error, maybeStored });
}

function kindOf(code: Code): DlqErrorKind {
  return code === Code.Unauthenticated || code === Code.PermissionDenied
    ? "unauthenticated"
    : "refused";
}

const ADVICE: Readonly<Partial<Record<Code, string>>> = {
  [Code.Unauthenticated]: "; give the client a `token` that the server knows",
  [Code.Unimplemented]: "; is `url` the gRPC address of a DLQ server (port 50051 by default)?",
  [Code.NotFound]: "; is `url` the gRPC address of a DLQ server (port 50051 by default)?",
};

const RAISE_LIMIT = "; a proxy on the way takes no call of that size: raise its limit";

/** Why nobody has taken a message; undefined where no try has failed yet. */
export function whyUnanswered(lastError: unknown): string {
  return lastError === undefined ? "the server did not answer" : wordsOf(lastError);
}

/** Without the code in brackets, which has a field of its own. */
export function wordsOf(error: unknown): string {
  return error instanceof ConnectError ? error.rawMessage || error.message : String(error);
}
