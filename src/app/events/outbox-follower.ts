import type { QueuePattern } from "../../core/queue-pattern.ts";
import type { Outbox, OutboxItem, OutboxPosition } from "../../store/contract/outbox.ts";
import type { Pace } from "../timers.ts";
import type { WatchReads } from "./watch-reads.ts";

/** A step with so many items reads no further partition: a page may have some thousand. */
const STEP_ITEMS = 500;
const IDLE_MS = 1_000;

/** What is new in some partitions. */
export interface OutboxStep {
  /** Empty it before you wait for a client: the step stays in memory until the next one. */
  readonly items: OutboxItem[];
  /** After the items, of all partitions. It changes with the next step. */
  readonly positions: ReadonlyMap<number, OutboxPosition>;
  /** Set once: with this step, everything that was there at the beginning was yielded. */
  readonly isCaughtUp: boolean;
}

/** The partitions that may have changes of queues. */
export function partitionsOf(
  outbox: Pick<Outbox, "partitions" | "partitionOf">,
  queues: readonly QueuePattern[],
): readonly number[] {
  const names = queues.flatMap(({ only }) => only ?? []);
  if (names.length < queues.length) return [...Array(outbox.partitions).keys()];
  return [...new Set(names.map((name) => outbox.partitionOf(name)))];
}

/** Reads what is new in some outboxes. It misses nothing that happens after it was made. Call `stop` at the end. */
export class OutboxFollower {
  readonly #reads: Pick<WatchReads, "read">;
  readonly #pace: Pace;
  readonly #changed = new Set<number>();
  readonly stop: () => void;
  #wake = () => {};

  /** @param pace of all watches of this process: a change may wake every one of them */
  constructor(
    reads: Pick<WatchReads, "read" | "follow">,
    partitions: readonly number[],
    pace: Pace,
  ) {
    this.#reads = reads;
    this.#pace = pace;
    this.stop = reads.follow(partitions, (partition) => {
      this.#changed.add(partition);
      this.#wake();
    });
  }

  /**
   * Yields new items of each partition in order, with the positions after them. An empty step comes once after `idleMs` without
   * changes, and if nothing was there at the beginning. Ends when the signal aborts. Rejects if the store does not answer.
   *
   * @param start where to begin in each partition
   * @param unread the partitions that may have something after that now
   */
  async *items(
    start: ReadonlyMap<number, OutboxPosition>,
    unread: Iterable<number>,
    signal: AbortSignal,
    idleMs = IDLE_MS,
  ): AsyncGenerator<OutboxStep> {
    const positions = new Map(start);
    const left = new Set(unread);
    for (const partition of left) this.#changed.add(partition);
    const onAbort = () => this.#wake();
    signal.addEventListener("abort", onAbort, { once: true });
    let isIdle = false;
    try {
      while (!signal.aborted) {
        if (this.#changed.size === 0) {
          await this.#woken(isIdle ? undefined : idleMs);
          if (this.#changed.size > 0 || signal.aborted || isIdle) continue;
          isIdle = true;
          yield { items: [], positions, isCaughtUp: false };
          continue;
        }
        const wasCaughtUp = left.size === 0;
        const items = await this.#read(positions, left, signal);
        const isCaughtUp = left.size === 0 && !wasCaughtUp;
        if (items.length === 0 && !isCaughtUp) continue;
        isIdle = false;
        yield { items, positions, isCaughtUp };
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Moves the positions after what it returns, and takes partitions that have nothing more out of `left`. */
  async #read(
    positions: Map<number, OutboxPosition>,
    left: Set<number>,
    signal: AbortSignal,
  ): Promise<OutboxItem[]> {
    const items: OutboxItem[] = [];
    let unseen = this.#changed.size;
    // A partition that changes again meanwhile comes last: the next step reads it.
    for (const partition of this.#changed) {
      if (unseen-- === 0 || items.length >= STEP_ITEMS) break;
      if (this.#pace.isTooLong) await this.#pace.giveTurn();
      this.#changed.delete(partition);
      const from = positions.get(partition) as OutboxPosition;
      const reading = this.#reads.read(partition, from, signal);
      const page = reading instanceof Promise ? await reading : reading;
      if (page === undefined) break;
      items.push(...page.items);
      if (page.position !== undefined) positions.set(partition, page.position);
      if (page.hasMore) this.#changed.add(partition);
      else left.delete(partition);
    }
    return items;
  }

  /** Resolves when something has changed, or after a time. */
  async #woken(atMostMs: number | undefined): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      if (atMostMs !== undefined) timer = setTimeout(resolve, atMostMs);
      this.#wake = resolve;
    });
    clearTimeout(timer);
  }
}
