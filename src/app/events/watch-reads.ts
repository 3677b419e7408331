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

  /** As Outbox.read: a page may have some thousand changes. Returns what is in memory at once, and undefined after an abort. */
  read(
    partition: number,
    from: OutboxPosition,
    signal: AbortSignal,
  ): OutboxPage | Promise<OutboxPage | undefined> {
    return this.#outbox.recent(partition, from) ?? this.#readInTurn(partition, from, signal);
  }

  #readInTurn(
    partition: number,
    from: OutboxPosition,
    signal: AbortSignal,
  ): Promise<OutboxPage | undefined> {
    return this.#turns.run(async () => {
      if (!signal.aborted) await nextTurn();
      return signal.aborted ? undefined : this.#outbox.read(partition, from);
    });
  }
}
