import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Event } from "../../../../gen/dlq/v1/event_pb.ts";

/** Events that are held at once: an event takes up to about 2 KiB. */
export const MOST_HELD = 20_000;

interface Held {
  readonly event: Event;
  readonly atMs: number;
}

/** Holds past events of several queues to sort them by time. Those of a queue keep their order. */
export class PastEvents {
  #held: Held[] = [];
  /** The latest time of each queue: the clock may have been set back. */
  #latestMs = new Map<string, number>();

  get isFull(): boolean {
    return this.#held.length >= MOST_HELD;
  }

  add(events: readonly Event[]): void {
    for (const event of events) {
      const ownMs = event.time === undefined ? 0 : timestampMs(event.time);
      const atMs = Math.max(ownMs, this.#latestMs.get(event.queue) ?? 0);
      this.#latestMs.set(event.queue, atMs);
      this.#held.push({ event, atMs });
    }
  }

  /** Returns what is held in order of time, and holds nothing then. */
  take(): Event[] {
    const sorted = this.#held.toSorted((a, b) => a.atMs - b.atMs);
    [this.#held, this.#latestMs] = [[], new Map()];
    return sorted.map(({ event }) => event);
  }
}
