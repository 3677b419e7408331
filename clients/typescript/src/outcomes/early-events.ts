import type { Event } from "../../../../gen/dlq/v1/event_pb.ts";

interface EarlyEvent {
  readonly event: Event;
  /** By the monotonic clock. */
  readonly seenAtMs: number;
}

const MAX_EVENTS = 1_000;
const MAX_AGE_MS = 60_000;

/**
 * Remembers events of messages that are not followed, at most 1,000 for a minute: an event may come before the answer of the
 * send.
 */
export class EarlyEvents {
  /** By message; the one with the latest event is last. */
  readonly #byMessage = new Map<string, EarlyEvent[]>();
  #count = 0;

  /** Does nothing for an event that it has: events may come again. */
  add(event: Event): void {
    const { id, messageId } = event;
    const earlier = this.#byMessage.get(messageId) ?? [];
    if (earlier.some((one) => one.event.id === id)) return;
    earlier.push({ event, seenAtMs: performance.now() });
    this.#byMessage.delete(messageId);
    this.#byMessage.set(messageId, earlier);
    this.#count++;
    if (this.#count > MAX_EVENTS) this.#forgetOldest();
  }

  /** Returns the events of a message in their order, and forgets them. */
  take(messageId: string): Event[] {
    const events = this.#byMessage.get(messageId) ?? [];
    this.#byMessage.delete(messageId);
    this.#count -= events.length;
    const sinceMs = performance.now() - MAX_AGE_MS;
    return events.filter(({ seenAtMs }) => seenAtMs >= sinceMs).map(({ event }) => event);
  }

  #forgetOldest(): void {
    for (const [messageId, events] of this.#byMessage) {
      events.shift();
      this.#count--;
      if (events.length === 0) this.#byMessage.delete(messageId);
      return;
    }
  }
}
