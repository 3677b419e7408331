import type { OutboxItem } from "../store/contract.ts";

/** Queues that are remembered. */
const MOST = 200;

/**
 * The queues of a partition whose events were published last, also those that the store has lost since with all that they had. The
 * memory of this server only.
 */
export class RecentQueues {
  /** With the number of the last change of each, the latest at the end. */
  readonly #lastNumbers = new Map<string, number>();

  /** Notes what was published. Numbers of undone changes are used again. */
  add(items: readonly OutboxItem[]): void {
    for (const item of items) {
      if ("kind" in item) {
        this.#lastNumbers.delete(item.queue);
        this.#lastNumbers.set(item.queue, item.number);
      } else if (item.gap === "undone") {
        for (const queue of this.since(item.from)) this.#lastNumbers.set(queue, item.from - 1);
      }
    }
    for (const queue of this.#lastNumbers.keys()) {
      if (this.#lastNumbers.size <= MOST) return;
      this.#lastNumbers.delete(queue);
    }
  }

  /** The queues of which a change with this number or a higher one was published. */
  since(number: number): string[] {
    return [...this.#lastNumbers].filter(([, last]) => last >= number).map(([queue]) => queue);
  }
}
