/** A request that is still being read, or a response that is not read. */
export interface IncompleteRequest {
  /** Refuses it and frees its bytes. Called at most once. */
  abandon(): void;
}

/**
 * The memory of all incomplete requests of a server. Each request and the number of requests of a
 * connection have limits, but together they could hold a gigabyte for one peer. Above this limit
 * the oldest are refused: requests of normal clients complete within a moment.
 */
export class RequestMemory {
  readonly #limitBytes: number;
  /** In the order in which they began to hold memory. */
  readonly #held = new Map<IncompleteRequest, number>();
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Sets how much it holds. It may be abandoned within this call. */
  hold(request: IncompleteRequest, bytes: number): void {
    this.#bytes += bytes - (this.#held.get(request) ?? 0);
    this.#held.set(request, bytes);
    if (this.#bytes <= this.#limitBytes) return;
    for (const oldest of this.#held.keys()) {
      if (this.#bytes <= this.#limitBytes) return;
      this.release(oldest);
      oldest.abandon();
    }
  }

  /** The request is complete or has ended. */
  release(request: IncompleteRequest): void {
    const bytes = this.#held.get(request);
    if (bytes === undefined) return;
    this.#held.delete(request);
    this.#bytes -= bytes;
  }
}
