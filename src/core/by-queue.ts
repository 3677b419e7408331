/** Values by the name of a queue. Values are no sets: most queues have one, which is kept without a set of its own. */
export class ByQueue<Value extends object> {
  readonly #values = new Map<string, Value | Set<Value>>();

  add(queue: string, value: Value): void {
    const found = this.#values.get(queue);
    if (found instanceof Set) found.add(value);
    else if (found === undefined) this.#values.set(queue, value);
    else if (found !== value) this.#values.set(queue, new Set([found, value]));
  }

  delete(queue: string, value: Value): void {
    const found = this.#values.get(queue);
    if (found instanceof Set) {
      found.delete(value);
      if (found.size === 0) this.#values.delete(queue);
    } else if (found === value) {
      this.#values.delete(queue);
    }
  }

  /** In the order in which they were added. */
  of(queue: string): Iterable<Value> {
    const found = this.#values.get(queue);
    if (found === undefined) return [];
    return found instanceof Set ? found : [found];
  }

  has(queue: string): boolean {
    return this.#values.has(queue);
  }

  /** Those that have a value. */
  queues(): Iterable<string> {
    return this.#values.keys();
  }
}
