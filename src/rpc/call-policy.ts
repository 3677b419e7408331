import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import type { Metrics } from "../observe/metrics.ts";
import type { KnownToken } from "./credentials.ts";
import { canceled, deadlineExceeded } from "./error-map.ts";
import type { Calls } from "./guard.ts";

/** How the guard handles calls of one method. */
export interface CallPolicy {
  readonly name: string;
  readonly calls: Calls;
  readonly metrics: Pick<Metrics, "rpc" | "streams">;
  readonly defaultTimeoutMs: number;
  readonly maxTimeoutMs: number;
  /**
   * Throws if the caller is refused. Otherwise `callerOf` returns its name. Undefined: the call
   * needs no token.
   */
  authorize(context: HandlerContext): KnownToken | undefined;
  /** Calls `end` with an error when the token is no longer accepted; see `Credentials.watch`. */
  whenRevoked(token: KnownToken, end: (error: ConnectError) => void): () => void;
  /** Converts any thrown value to an error for the client, and logs internal errors. */
  explain(error: unknown, context: HandlerContext): ConnectError;
  done(startedAtMs: number, error: ConnectError | undefined): void;
}

export type UnaryFn = (request: unknown, context: HandlerContext) => unknown;
export type StreamFn = (request: unknown, context: HandlerContext) => AsyncIterable<unknown>;

/**
 * A context that reports its end without a signal. Creating a signal and listening to it costs more
 * than the rest of a small call. Connect's own contexts only have the signal.
 */
interface NotifiesOnAbort {
  readonly isAborted: boolean;
  whenAborted(listener: (() => void) | undefined): void;
  abort(reason: ConnectError): void;
  /** Aborts with DEADLINE_EXCEEDED within 100 ms after the timeout. */
  endAfter(timeoutMs: number): void;
}

function notifiesOnAbort(context: HandlerContext): context is HandlerContext & NotifiesOnAbort {
  return "whenAborted" in context;
}

export function isAborted(context: HandlerContext): boolean {
  return notifiesOnAbort(context) ? context.isAborted : context.signal.aborted;
}

/**
 * Lets the context keep the deadline, if it can, and reports whether it does. A timer for each call
 * costs more than checking all calls at intervals.
 */
export function keepsDeadline(context: HandlerContext, timeoutMs: number): boolean {
  if (!notifiesOnAbort(context)) return false;
  context.endAfter(timeoutMs);
  return true;
}

/** Aborts a call whose peer may not read, if the context can. */
export function abortCall(context: HandlerContext, error: ConnectError): void {
  if (notifiesOnAbort(context)) context.abort(error);
}

/** Calls `listener` when the call ends early. Undefined removes the `former` listener. */
export function whenAborted(
  context: HandlerContext,
  listener: (() => void) | undefined,
  former?: () => void,
): void {
  if (notifiesOnAbort(context)) {
    context.whenAborted(listener);
    return;
  }
  if (former !== undefined) context.signal.removeEventListener("abort", former);
  if (listener !== undefined) context.signal.addEventListener("abort", listener, { once: true });
}

/** Returns why a call's signal was aborted. */
export function abortError(context: HandlerContext): ConnectError {
  const reason: unknown = context.signal.reason;
  if (!(reason instanceof ConnectError)) return canceled();
  // Connect's own error has no details.
  if (reason.code === Code.DeadlineExceeded) {
    return reason.details.length > 0 ? reason : deadlineExceeded(undefined);
  }
  // Ours: the server stops, or the token was revoked. Anything else comes from the peer.
  const isOurs = reason.code === Code.Unavailable || reason.code === Code.Unauthenticated;
  return isOurs ? reason : canceled();
}
