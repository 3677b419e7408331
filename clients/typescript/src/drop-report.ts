import type { DlqClientError } from "./errors.ts";

const LINE_EVERY_MS = 1_000;

/** Tells of dropped messages on the console: one line a second at most, with how many it stands for. */
export function createDropReport(): (error: DlqClientError, queue: string) => void {
  let untold = 0;
  let toldAtMs = Number.NEGATIVE_INFINITY;
  return (error, queue) => {
    untold++;
    const nowMs = performance.now();
    if (nowMs - toldAtMs < LINE_EVERY_MS) return;
    const more = untold > 1 ? ` (and ${untold - 1} before it)` : "";
    console.error(`dlq-client: dropped a message for ${queue}${more}: ${error.message}`);
    untold = 0;
    toldAtMs = nowMs;
  };
}
