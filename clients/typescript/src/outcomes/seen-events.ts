const HALF = 5_000;

/** Ids of events that may come again: at least the latest 5,000, and at most 10,000. */
export class SeenEvents {
  #ids = new Set<string>();
  #earlier = new Set<string>();

  has(id: string): boolean {
    return this.#ids.has(id) || this.#earlier.has(id);
  }

  add(id: string): void {
    this.#ids.add(id);
    if (this.#ids.size < HALF) return;
    this.#earlier = this.#ids;
    this.#ids = new Set();
  }
}
