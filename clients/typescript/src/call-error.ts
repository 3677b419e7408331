import { Code, ConnectError } from "@connectrpc/connect";
import { DlqClientError, type DlqErrorKind } from "./errors.ts";

/** Statuses after which the same call may be made again under its request id. */
const AGAIN: ReadonlySet<number> = new Set([
  Code.Unavailable,
  Code.DeadlineExceeded, // of one try; the send has a deadline of its own
  Code.Aborted,
]);

/** What a broken connection becomes on its way through HTTP/2, where no server has spoken. */
const BROKEN: ReadonlySet<number> = new Set([Code.Internal, Code.Unknown, Code.Canceled]);

/**
 * Whether it makes sense, and is safe, to make the same call again. The server's own errors always
 * carry details; without them an INTERNAL or CANCELLED is a connection that ended, as it does while
 * a server stops.
 */
export function isWorthAgain(error: ConnectError): boolean {
  if (AGAIN.has(error.code)) return true;
  return BROKEN.has(error.code) && error.details.length === 0 && !cannotBeWritten(error);
}

/** The request has a value that protobuf does not take: no byte of it went out. */
export function cannotBeWritten(error: ConnectError): boolean {
  return error.code === Code.Internal && error.rawMessage.startsWith("serialize ");
}

/** Nothing was listening: the call can't have had an effect. */
export function neverArrived(error: ConnectError): boolean {
  return (
    error.code === Code.Unavailable && error.details.length === 0 && error.cause instanceof Error
  );
}

/** The error of a send that a server's word has ended. */
export function refusalOf(code: Code, message: string, cause: unknown): DlqClientError {
  const isLocal = cause instanceof ConnectError && cannotBeWritten(cause);
  const kind = isLocal ? "invalid" : kindOf(code);
  return new DlqClientError(kind, `${message}${ADVICE[code] ?? ""}`, { code, cause });
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

/** Without the code in brackets, which has a field of its own. */
export function wordsOf(error: unknown): string {
  return error instanceof ConnectError ? error.rawMessage || error.message : String(error);
}
