import { openSync, writeSync } from "node:fs";
import type { HistoryEvent } from "./event.ts";

/** An event without its time, which the writer adds. */
export type Untimed<E> = E extends unknown ? Omit<E, "at"> : never;

/** Writes the events of an actor synchronously. */
export interface HistoryWriter {
  write(event: Untimed<HistoryEvent>): void;
}

export function openHistory(path: string): HistoryWriter {
  const file = openSync(path, "a");
  return {
    write(event) {
      const line = Buffer.from(`${JSON.stringify({ ...event, at: nowMs() })}\n`);
      const written = writeSync(file, line);
      if (written !== line.length) {
        throw new Error(`wrote ${written} of ${line.length} bytes of a line: is the disk full?`);
      }
    },
  };
}

/**
 * The wall clock in whole milliseconds, like that of Redis and the other actors.
 */
export function nowMs(): number {
  return Date.now();
}
