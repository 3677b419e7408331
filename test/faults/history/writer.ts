import { openSync, writeSync } from "node:fs";
import type { HistoryEvent } from "./event.ts";

/** An event without its time, which the writer adds. */
export type Untimed<E> = E extends unknown ? Omit<E, "at"> : never;

/** Writes down what an actor does and sees, each event before the next line of code runs. */
export interface HistoryWriter {
  write(event: Untimed<HistoryEvent>): void;
}

export function openHistory(path: string): HistoryWriter {
  const file = openSync(path, "a");
  return {
    write(event) {
      writeSync(file, `${JSON.stringify({ ...event, at: nowMs() })}\n`);
    },
  };
}

/** Finer than Date.now(), by the same clock. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
