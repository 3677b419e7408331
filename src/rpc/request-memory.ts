/** A request that is not complete yet. */
export interface Unfinished {
  /** Refuses it and lets go of its bytes; must not be called twice. */
  giveUp(): void;
}

/**
 * What requests that are not complete hold together, over all connections of a server. Each one has
 * a limit, and a connection has one of how many: but that is a gigabyte, for one peer. Above the
 * limit the oldest are refused: those of well-behaved clients are complete within a moment.
 */
export class RequestMemory {
  readonly #limitBytes: number;
  /** In the order in which they began to hold something. */
  readonly #held = new Map<Unfinished, number>();
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** It now holds so many in all. It may be given up within this call. */
  hold(request: Unfinished, bytes: number): void {
    this.#bytes += bytes - (this.#held.get(request) ?? 0);
    this.#held.set(request, bytes);
    if (this.#bytes <= this.#limitBytes) return;
    for (const oldest of this.#held.keys()) {
      if (this.#bytes <= this.#limitBytes) return;
      this.release(oldest);
      oldest.giveUp();
    }
  }

  /** It is complete, or gone. */
  release(request: Unfinished): void {
    const bytes = this.#held.get(request);
    if (bytes === undefined) return;
    this.#held.delete(request);
    this.#bytes -= bytes;
  }
}
