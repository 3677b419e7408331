import type { SendRequest } from "../send-request.ts";
import type { SpoolResult, SpoolStore } from "./spool-store.ts";

interface Unwritten {
  readonly request: SendRequest;
  readonly resolve: (result: SpoolResult) => void;
}

/** Limit of one write. */
const WRITE_BYTES = 4 * 1024 ** 2;
/** Limit of the messages that wait for a slow disk. */
const MAX_UNWRITTEN_BYTES = 64 * 1024 ** 2;

/** Writes messages to a spool store. Concurrent ones share a write. */
export class SpoolWriter {
  readonly #store: SpoolStore;
  readonly #onWritten: () => void;
  #unwritten: Unwritten[] = [];
  #unwrittenBytes = 0;
  #writing: Promise<void> | undefined;

  /** @param onWritten called after each write */
  constructor(store: SpoolStore, onWritten: () => void) {
    this.#store = store;
    this.#onWritten = onWritten;
  }

  /** Never rejects. */
  write(request: SendRequest): Promise<SpoolResult> {
    if (this.#unwrittenBytes + request.bytes > MAX_UNWRITTEN_BYTES) return Promise.resolve("full");
    return new Promise((resolve) => {
      this.#unwritten.push({ request, resolve });
      this.#unwrittenBytes += request.bytes;
      this.#writing ??= this.#writeAll();
    });
  }

  /** Resolves when all messages so far are written. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    await Promise.resolve(); // collects the messages of this turn of the event loop
    try {
      while (this.#unwritten.length > 0) {
        const taken = this.#take();
        const results = await this.#store.append(taken.map(({ request }) => request.wire));
        for (const [at, { resolve, request }] of taken.entries()) {
          this.#unwrittenBytes -= request.bytes;
          resolve(results[at] ?? "full");
        }
        this.#onWritten();
      }
    } finally {
      // Now, not in a later microtask: a write() before that would not start.
      this.#writing = undefined;
    }
  }

  #take(): Unwritten[] {
    let bytes = 0;
    let count = 0;
    for (const { request } of this.#unwritten) {
      bytes += request.bytes;
      if (count > 0 && bytes > WRITE_BYTES) break;
      count++;
    }
    return this.#unwritten.splice(0, count);
  }
}
