import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import type { Metrics } from "../observe/metrics.ts";
import type { Calls } from "./calls.ts";
import { canceled, deadlineExceeded } from "./error-map.ts";

/** What one call is told by its guard. */
export interface CallRules {
  readonly name: string;
  readonly calls: Calls;
  readonly metrics: Pick<Metrics, "rpc" | "streams">;
  readonly defaultTimeoutMs: number;
  readonly maxTimeoutMs: number;
  /** Throws when the caller may not. */
  authorize(context: HandlerContext): void;
  /** Any thrown value as what the client is told, and the log where it must know. */
  explain(error: unknown, context: HandlerContext): ConnectError;
  done(startedAtMs: number, error: ConnectError | undefined): void;
}

export type UnaryFn = (request: unknown, context: HandlerContext) => unknown;
export type StreamFn = (request: unknown, context: HandlerContext) => AsyncIterable<unknown>;

/**
 * A context may tell of its end without a signal: making one and listening to it costs more than
 * the rest of a small call. Connect's own contexts only have the signal.
 */
interface TellsItsEnd {
  readonly isAborted: boolean;
  whenAborted(listener: (() => void) | undefined): void;
  /** Aborts with DEADLINE_EXCEEDED soon after; a tenth of a second is near enough for a server. */
  endAfter(timeoutMs: number): void;
}

function tellsItsEnd(context: HandlerContext): context is HandlerContext & TellsItsEnd {
  return "whenAborted" in context;
}

export function isAborted(context: HandlerContext): boolean {
  return tellsItsEnd(context) ? context.isAborted : context.signal.aborted;
}

/** Whether the context itself keeps the deadline: a timer a call costs more than looking at all. */
export function keepsDeadline(context: HandlerContext, timeoutMs: number): boolean {
  if (!tellsItsEnd(context)) return false;
  context.endAfter(timeoutMs);
  return true;
}

/** Calls `listener` when the call ends early; undefined takes `former` away. */
export function whenAborted(
  context: HandlerContext,
  listener: (() => void) | undefined,
  former?: () => void,
): void {
  if (tellsItsEnd(context)) {
    context.whenAborted(listener);
    return;
  }
  if (former !== undefined) context.signal.removeEventListener("abort", former);
  if (listener !== undefined) context.signal.addEventListener("abort", listener, { once: true });
}

/** Why a call's signal was aborted, as an error. */
export function abortError(context: HandlerContext): ConnectError {
  const reason: unknown = context.signal.reason;
  if (!(reason instanceof ConnectError)) return canceled();
  // Connect's own has no details.
  if (reason.code === Code.DeadlineExceeded) {
    return reason.details.length > 0 ? reason : deadlineExceeded(undefined);
  }
  // The listener's own words when it stops; anything else is the peer's doing.
  return reason.code === Code.Unavailable ? reason : canceled();
}
