import { setTimeout as delay } from "node:timers/promises";
import { type CallOptions, Code, ConnectError } from "@connectrpc/connect";
import { escaped } from "../output/escape.ts";
import { durationText } from "../output/times.ts";
import type { Run } from "../run.ts";

/** Errors after which another call would fail, too. */
const LASTING: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.Unauthenticated,
  Code.PermissionDenied,
  Code.Unimplemented,
]);
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 5_000;

/** An end without an error, as some proxies make it. */
export const STREAM_ENDED = new ConnectError("it ended the stream", Code.Unavailable);

/** Yields the responses of one call. The first one must come within the time limit of calls. */
export async function* responsesInTime<Response>(
  run: Run,
  call: (options: CallOptions) => AsyncIterable<Response>,
): AsyncGenerator<Response> {
  const { timeoutMs } = run.call;
  const late = new AbortController();
  const timer = timeoutMs > 0 ? setTimeout(() => late.abort(), timeoutMs) : undefined;
  const signal = AbortSignal.any([run.signal, late.signal]);
  try {
    for await (const response of call({ ...run.stream, signal })) {
      clearTimeout(timer);
      yield response;
    }
  } catch (error) {
    if (!late.signal.aborted) throw error;
    throw new ConnectError(`no answer in ${durationText(timeoutMs)}`, Code.DeadlineExceeded);
  } finally {
    clearTimeout(timer);
  }
}

/** Reports whether another call would fail, too. */
export const isLasting = (error: unknown) =>
  !(error instanceof ConnectError) || LASTING.has(error.code);

/** Returns the error of a stream for a note: `: ` and its text. Empty for an end without an error. */
export function whyEnded(run: Run, error: unknown): string {
  if (error === STREAM_ENDED) return "";
  const explained = run.explain(error);
  return `: ${escaped(explained instanceof Error ? explained.message : String(explained))}`;
}

/** Waits before the next call, longer after each failure. Ctrl-C ends it. */
export async function pauseAfter(run: Run, failures: number): Promise<void> {
  const pauseMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures, 10));
  await delay(pauseMs, undefined, { signal: run.signal }).catch(() => {});
}
