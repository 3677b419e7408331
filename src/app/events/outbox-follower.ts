import type { QueuePattern } from "../../core/queue-pattern.ts";
import type { Outbox, OutboxItem, OutboxPosition } from "../../store/contract/outbox.ts";

/** Partitions that are read at once: one may have some thousand changes in a page. */
const PARTITIONS_AT_ONCE = 2;
const IDLE_MS = 1_000;

/** Positions by partition. Undefined: the oldest change that is kept. */
export type Positions = Map<number, OutboxPosition | undefined>;

/** The partitions that may have changes of queues. */
export function partitionsOf(outbox: Outbox, queues: readonly QueuePattern[]): readonly number[] {
  const names = queues.flatMap(({ only }) => only ?? []);
  if (names.length < queues.length) return [...Array(outbox.partitions).keys()];
  return [...new Set(names.map((name) => outbox.partitionOf(name)))];
}

/** Reads what is new in some outboxes. It misses nothing that happens after it was made. Call `stop` at the end. */
export class OutboxFollower {
  readonly #outbox: Pick<Outbox, "read" | "follow">;
  readonly #changed = new Set<number>();
  readonly stop: () => void;
  #wake = () => {};

  constructor(outbox: Pick<Outbox, "read" | "follow">, partitions: readonly number[]) {
    this.#outbox = outbox;
    this.stop = outbox.follow(partitions, (partition) => {
      this.#changed.add(partition);
      this.#wake();
    });
  }

  /**
   * Yields what follows the positions, in the order of each partition, and moves the positions behind it before. `behind`: the
   * partitions that may have something now. It waits while nothing more is there; after `idleMs` of that, a step without items comes
   * once. Ends when the signal aborts. Rejects if the store does not answer.
   */
  async *items(
    positions: Positions,
    behind: Iterable<number>,
    signal: AbortSignal,
    idleMs = IDLE_MS,
  ): AsyncGenerator<readonly OutboxItem[]> {
    for (const partition of behind) this.#changed.add(partition);
    const onAbort = () => this.#wake();
    signal.addEventListener("abort", onAbort, { once: true });
    let isIdle = false;
    try {
      while (!signal.aborted) {
        if (this.#changed.size === 0) {
          await this.#woken(isIdle ? undefined : idleMs);
          if (this.#changed.size > 0 || signal.aborted || isIdle) continue;
          isIdle = true;
          yield [];
          continue;
        }
        const items = await this.#read(positions);
        if (items.length === 0) continue;
        isIdle = false;
        yield items;
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  async #read(positions: Positions): Promise<readonly OutboxItem[]> {
    const some = [...this.#changed].slice(0, PARTITIONS_AT_ONCE);
    for (const partition of some) this.#changed.delete(partition);
    const pages = await this.#outbox.read(new Map(some.map((one) => [one, positions.get(one)])));
    pages.forEach(({ position, hasMore }, at) => {
      const partition = some[at] as number;
      positions.set(partition, position);
      if (hasMore) this.#changed.add(partition);
    });
    return pages.flatMap((page) => page.items);
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
