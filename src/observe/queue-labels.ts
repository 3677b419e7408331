/** The label of all queues without one of their own. No queue can have this name: names have no `/`. */
export const OTHER = "/other";

/** A queue and its rank among others: those with most messages and most trouble have labels of their own. */
export interface WeighedQueue {
  readonly queue: string;
  readonly weight: number;
}

/** A share of the labels is kept for queues that outgrow the others later. */
const KEPT_SHARE = 0.25;
/** A queue gets one of those if it weighs so many times as much as the last of the heaviest. */
const OUTGROWN = 2;

/**
 * Bounds the number of time series. A queue keeps its label until it is deleted, so that no counter goes back or disappears.
 * While there are at most `max` queues, each gets a label at its first use. If there are more, the heaviest get the labels,
 * and later up to a quarter of `max` more, those that weigh twice as much as the last of the `max` heaviest.
 */
export class QueueLabels {
  readonly max: number;
  readonly #kept: number;
  readonly #named = new Set<string>();
  /** While there are fewer labels, a queue gets one at its first use. */
  #atFirstUse: number;
  #areForAll = true;

  constructor(max: number) {
    this.max = max;
    this.#kept = Math.floor(max * KEPT_SHARE);
    this.#atFirstUse = max;
  }

  /** Whether all queues get labels. */
  get areForAll(): boolean {
    return this.#areForAll;
  }

  /** Sets how many queues there are. Undefined: unknown; then a few get labels at their first use. */
  setQueues(count: number | undefined): void {
    const ofMany = count === undefined ? this.#kept : 0;
    this.#areForAll = count !== undefined && count <= this.max;
    this.#atFirstUse = this.#areForAll ? this.max : ofMany;
  }

  get names(): readonly string[] {
    return [...this.#named];
  }

  has(queue: string): boolean {
    return this.#named.has(queue);
  }

  of(queue: string): string {
    if (this.#named.has(queue)) return queue;
    if (this.#named.size >= this.#atFirstUse) return OTHER;
    this.#named.add(queue);
    return queue;
  }

  /** Gives labels to the heaviest queues, those with labels among them. Returns the queues that are new. */
  label(heaviest: readonly WeighedQueue[]): string[] {
    const ranked = heaviest.toSorted((a, b) => b.weight - a.weight).slice(0, this.max);
    const last = ranked.length < this.max ? 0 : (ranked.at(-1)?.weight ?? 0);
    const added: string[] = [];
    for (const { queue, weight } of ranked) {
      const hasRoom =
        this.#named.size < this.max ||
        (this.#named.size < this.max + this.#kept && weight >= OUTGROWN * last);
      if (weight === 0 || !hasRoom || this.#named.has(queue)) continue;
      this.#named.add(queue);
      added.push(queue);
    }
    return added;
  }

  /** Returns false if the queue has no series of its own. */
  forget(queue: string): boolean {
    return this.#named.delete(queue);
  }
}
