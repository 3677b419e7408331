/** The label of every queue beyond the limit. */
export const OTHER = "other";

/**
 * Bounds the number of time series: the first `max` queues keep their names until they are deleted,
 * so that no counter ever changes its label; later ones share `other`.
 */
export class QueueLabels {
  readonly #max: number;
  readonly #named = new Set<string>();

  constructor(max: number) {
    this.#max = max;
  }

  of(queue: string): string {
    if (this.#named.has(queue)) return queue;
    if (this.#named.size >= this.#max) return OTHER;
    this.#named.add(queue);
    return queue;
  }

  /** False: it has no series of its own. */
  forget(queue: string): boolean {
    return this.#named.delete(queue);
  }
}
