/** What holds memory of a call: a request that is still being read, or a response that its client has not read. */
export interface MemoryHolder {
  /** Gives up the request or the response, and frees its bytes. Called at most once. */
  abandon(): void;
}

/**
 * Limits the memory of incomplete requests and unread responses, those of watches among them. Each call, and the number of
 * calls of a connection, have limits, but together they could hold a gigabyte for one peer. Above this limit the oldest are
 * given up: requests of normal clients complete, and their responses are read, within a moment.
 */
export class CallMemory {
  readonly #limitBytes: number;
  /** In the order in which they began to hold memory. */
  readonly #held = new Map<MemoryHolder, number>();
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Sets how much it holds. It may be abandoned within this call. */
  hold(holder: MemoryHolder, bytes: number): void {
    this.#bytes += bytes - (this.#held.get(holder) ?? 0);
    this.#held.set(holder, bytes);
    if (this.#bytes <= this.#limitBytes) return;
    for (const oldest of this.#held.keys()) {
      if (this.#bytes <= this.#limitBytes) return;
      this.release(oldest);
      oldest.abandon();
    }
  }

  /** Its request is complete, its response is read, or its call has ended. */
  release(holder: MemoryHolder): void {
    const bytes = this.#held.get(holder);
    if (bytes === undefined) return;
    this.#held.delete(holder);
    this.#bytes -= bytes;
  }
}
