export interface CoalescerOptions<Item, Reply> {
  run: (items: readonly Item[]) => Promise<readonly Reply[]>;
  /** The reply for each item of a run that fails. */
  failed: (error: unknown) => Reply;
  /** Bounds of one run: others wait for it. */
  maxItems: number;
  maxBytes: number;
  sizeOf: (item: Item) => number;
  /** Called when nothing waits or runs any more. */
  onIdle: () => void;
}

/** A second run starts beside the first only with this many items, or with a full batch. */
const SECOND_FROM_ITEMS = 64;

/**
 * Lets concurrent calls share one script: while one runs, later items are collected and sent together. A script costs two
 * socket writes, wake-ups and an fsync however few items it has, so a few items wait for the run before them. A single
 * call is not delayed.
 */
export class Coalescer<Item, Reply> {
  readonly #options: CoalescerOptions<Item, Reply>;
  #waiting: Waiting<Item, Reply>[] = [];
  #running = 0;

  constructor(options: CoalescerOptions<Item, Reply>) {
    this.#options = options;
  }

  /** Returns one reply for each item, in order. Items may go in several runs. Never rejects. */
  add(items: readonly Item[]): Promise<Reply[]> {
    return new Promise((resolve) => {
      if (items.length === 0) {
        resolve([]);
        return;
      }
      const call: Call<Reply> = { replies: new Array(items.length), open: items.length, resolve };
      // Items of this turn of the event loop are sent together.
      if (this.#waiting.length === 0 && this.#running === 0) setImmediate(() => this.#flush());
      items.forEach((item, index) => {
        this.#waiting.push({ item, call, index });
      });
      if (this.#running > 0) this.#flush();
    });
  }

  #flush(): void {
    while (this.#waiting.length > 0 && this.#running < 2) {
      const count = this.#countOfNext();
      const isFull = count < this.#waiting.length || count >= this.#options.maxItems;
      if (this.#running > 0 && !isFull && count < SECOND_FROM_ITEMS) return;
      const batch = this.#waiting.slice(0, count);
      this.#waiting = this.#waiting.slice(count);
      void this.#send(batch);
    }
  }

  async #send(batch: readonly Waiting<Item, Reply>[]): Promise<void> {
    const { run, failed, onIdle } = this.#options;
    this.#running++;
    let replyOf: (index: number) => Reply;
    try {
      const replies = await run(batch.map(({ item }) => item));
      replyOf = (index) => replies[index] as Reply;
    } catch (error) {
      replyOf = () => failed(error);
    }
    this.#running--;
    this.#flush();
    batch.forEach(({ call, index }, at) => {
      call.replies[index] = replyOf(at);
      call.open--;
      if (call.open === 0) call.resolve(call.replies);
    });
    if (this.#running === 0 && this.#waiting.length === 0) onIdle();
  }

  #countOfNext(): number {
    const { maxItems, maxBytes, sizeOf } = this.#options;
    let count = 0;
    let bytes = 0;
    for (const { item } of this.#waiting) {
      bytes += sizeOf(item);
      if (count > 0 && (count >= maxItems || bytes > maxBytes)) break;
      count++;
    }
    return count;
  }
}

interface Call<Reply> {
  readonly replies: Reply[];
  /** Items without a reply. */
  open: number;
  readonly resolve: (replies: Reply[]) => void;
}

interface Waiting<Item, Reply> {
  readonly item: Item;
  readonly call: Call<Reply>;
  /** Index of the item in its call. */
  readonly index: number;
}
