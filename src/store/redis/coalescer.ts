/**
 * Lets concurrent calls share one script: while calls of a queue are under way, later items
 * gather and go together. A lone call is not delayed. A durable write costs one fsync however
 * many items it carries.
 */
export class Coalescer<Item, Reply> {
  readonly #run: (items: readonly Item[]) => Promise<readonly Reply[]>;
  readonly #maxItems: number;
  readonly #maxBytes: number;
  readonly #sizeOf: (item: Item) => number;
  readonly #onIdle: () => void;
  readonly #waiting: Waiting<Item, Reply>[] = [];
  #running = 0;

  constructor(options: {
    run: (items: readonly Item[]) => Promise<readonly Reply[]>;
    /** A script's work stays bounded: others wait for it. */
    maxItems: number;
    maxBytes: number;
    sizeOf: (item: Item) => number;
    /** Nothing waits or runs any more. */
    onIdle: () => void;
  }) {
    this.#run = options.run;
    this.#maxItems = options.maxItems;
    this.#maxBytes = options.maxBytes;
    this.#sizeOf = options.sizeOf;
    this.#onIdle = options.onIdle;
  }

  add(item: Item): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      // The items of one turn of the event loop gather before the first of them is sent.
      if (this.#waiting.length === 1) queueMicrotask(() => this.#flush());
    });
  }

  /** Two at a time: one travels while the other gathers. */
  #flush(): void {
    while (this.#running < 2 && this.#waiting.length > 0) {
      const batch = this.#take();
      this.#running++;
      this.#run(batch.map((waiting) => waiting.item))
        .then(
          (replies) => {
            batch.forEach((waiting, index) => {
              waiting.resolve(replies[index] as Reply);
            });
          },
          (error: unknown) => {
            for (const waiting of batch) waiting.reject(error);
          },
        )
        .finally(() => {
          this.#running--;
          if (this.#running === 0 && this.#waiting.length === 0) this.#onIdle();
          else this.#flush();
        })
        .catch(() => {});
    }
  }

  #take(): Waiting<Item, Reply>[] {
    let count = 0;
    let bytes = 0;
    for (const { item } of this.#waiting) {
      bytes += this.#sizeOf(item);
      if (count > 0 && (count >= this.#maxItems || bytes > this.#maxBytes)) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }
}

interface Waiting<Item, Reply> {
  item: Item;
  resolve: (reply: Reply) => void;
  reject: (error: unknown) => void;
}
