/** Messages that were not read yet, and readers that wait. */
export class MessageQueue<T> {
  readonly #messages: T[] = [];
  readonly #waiting: ((message: T | undefined) => void)[] = [];
  #ended = false;

  push(message: T): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#messages.push(message);
    else waiting(message);
  }

  end(): void {
    this.#ended = true;
    for (const waiting of this.#waiting.splice(0)) waiting(undefined);
  }

  /** Undefined at the end. */
  next(): Promise<T | undefined> {
    if (this.#messages.length > 0 || this.#ended) return Promise.resolve(this.#messages.shift());
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
