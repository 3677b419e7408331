import { Turns } from "../../core/turns.ts";
import type { OutboxBeginning } from "../contract/outbox.ts";
import type { OutboxReads } from "./outbox-reads.ts";

/** Lookups that run at once, of all readers of this process. Each takes about 15 round trips. */
const AT_ONCE = 4;
/** Many readers ask for the same instant, such as an hour ago. */
const CACHE_MS = 5_000;
const CACHE_MAX = 2_048;
const SECOND_MS = 1_000;

interface Answer {
  readonly atMs: number;
  readonly beginning: Promise<OutboxBeginning>;
}

/** Looks for positions in outboxes, few at once for all readers, who take turns. */
export class OutboxLookups {
  readonly #reads: Pick<OutboxReads, "since">;
  readonly #turns = new Turns(AT_ONCE);
  /** By partition and second, oldest first. */
  readonly #answers = new Map<string, Answer>();

  constructor(reads: Pick<OutboxReads, "since">) {
    this.#reads = reads;
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    return this.#turns.run(work);
  }

  /** As OutboxReads.since. */
  since(partition: number, atMs: number): Promise<OutboxBeginning> {
    return this.run(() => this.#reads.since(partition, atMs));
  }

  /** As Outbox.sinceSecond. */
  sinceSecond(
    partitions: readonly number[],
    atMs: number,
    signal: AbortSignal,
  ): Promise<OutboxBeginning[]> {
    const secondMs = Math.floor(atMs / SECOND_MS) * SECOND_MS;
    return this.#turns.map(partitions, async (partition) => {
      signal.throwIfAborted();
      return this.#cached(partition, secondMs);
    });
  }

  #cached(partition: number, secondMs: number): Promise<OutboxBeginning> {
    const nowMs = performance.now();
    const key = `${partition} ${secondMs}`;
    const known = this.#answers.get(key);
    if (known !== undefined && nowMs - known.atMs < CACHE_MS) return known.beginning;
    const answer = { atMs: nowMs, beginning: this.#reads.since(partition, secondMs) };
    this.#answers.delete(key);
    this.#answers.set(key, answer);
    for (const [oldest, { atMs }] of this.#answers) {
      if (this.#answers.size <= CACHE_MAX && nowMs - atMs < CACHE_MS) break;
      this.#answers.delete(oldest);
    }
    answer.beginning.catch(() => {
      if (this.#answers.get(key) === answer) this.#answers.delete(key);
    });
    return answer.beginning;
  }
}
