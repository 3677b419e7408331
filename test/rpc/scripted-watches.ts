import type { WatchEventsCommand } from "../../src/app/events/watch-events.ts";
import type { WatchMessagesCommand } from "../../src/app/messages/watch-messages.ts";

/** Watches that yield one step without anything, and end with their call. */
export class ScriptedWatches {
  readonly received: (WatchEventsCommand | WatchMessagesCommand)[] = [];
  readonly draining = new AbortController();

  readonly events = (command: WatchEventsCommand, signal: AbortSignal) =>
    this.#watch(command, signal, {
      events: [],
      gap: undefined,
      resume: { storeId: "000000", positions: new Map<number, never>() },
    });

  readonly messages = (command: WatchMessagesCommand, signal: AbortSignal) =>
    this.#watch(command, signal, { changes: [], listAgain: false });

  async *#watch<T>(
    command: WatchEventsCommand | WatchMessagesCommand,
    signal: AbortSignal,
    first: T,
  ): AsyncGenerator<T> {
    this.received.push(command);
    yield first;
    if (signal.aborted) return;
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  }
}
