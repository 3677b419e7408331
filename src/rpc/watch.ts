import type { HandlerContext } from "@connectrpc/connect";
import { serverBusy } from "../core/errors.ts";
import { connectionAging } from "./stream-due.ts";

/** A client of an ended watch goes on at once, on another connection. */
const RETRY_AFTER_MS = 100;

/**
 * Yields what a watch yields until its call ends. Rejects with BUSY when the server drains, or when the connection reaches its
 * maximum age: the client goes on with a new call.
 */
export async function* watchUntil<T>(
  open: (signal: AbortSignal) => AsyncIterable<T>,
  context: HandlerContext,
  draining: AbortSignal,
): AsyncGenerator<T> {
  const aging = context.values.get(connectionAging);
  const stop = new AbortController();
  const signals = [context.signal, aging, draining];
  const onStop = () => stop.abort();
  for (const signal of signals) {
    if (signal.aborted) onStop();
    else signal.addEventListener("abort", onStop, { once: true });
  }
  try {
    yield* open(stop.signal);
    if (!context.signal.aborted) throw serverBusy(RETRY_AFTER_MS, "it ends this connection");
  } finally {
    // The signals live longer than the call and would keep it in memory.
    for (const signal of signals) signal.removeEventListener("abort", onStop);
    onStop();
  }
}
