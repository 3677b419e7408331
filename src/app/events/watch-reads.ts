import { Turns } from "../../core/turns.ts";
import type { Outbox, OutboxPage, OutboxPosition } from "../../store/contract/outbox.ts";
import { nextTurn } from "../timers.ts";

/** Reads of the store that run at once, of all watches of this process: sends and deliveries wait behind them. */
const AT_ONCE = 2;

/** Reads outboxes for all watches: what is not in memory in turn, and with other work in between. */
export class WatchReads {
  readonly #outbox: Pick<Outbox, "recent" | "read" | "follow">;
  readonly #turns = new Turns(AT_ONCE);

  constructor(outbox: Pick<Outbox, "recent" | "read" | "follow">) {
    this.#outbox = outbox;
  }

  /** As Outbox.follow. */
  follow(partitions: readonly number[], listener: (partition: number) => void): () => void {
    return this.#outbox.follow(partitions, listener);
  }

  /** As Outbox.read, one partition at a time: a page may have some thousand changes. Returns nothing after an abort. */
  async read(
    from: ReadonlyMap<number, OutboxPosition>,
    signal: AbortSignal,
  ): Promise<readonly OutboxPage[]> {
    const pages: OutboxPage[] = [];
    for (const [partition, position] of from) {
      const page =
        this.#outbox.recent(partition, position) ??
        (await this.#turns.run(async () => {
          if (!signal.aborted) await nextTurn();
          if (signal.aborted) return undefined;
          return (await this.#outbox.read(new Map([[partition, position]])))[0];
        }));
      if (page === undefined) return [];
      pages.push(page);
    }
    return pages;
  }
}
