import type { PendingSend } from "./pending-send.ts";

/** Pending sends that wait for a call, in order. Sends that are gone meanwhile are skipped. */
export class SendQueue {
  #sends: PendingSend[] = [];
  #head = 0;
  #bytes = 0;

  get length(): number {
    return this.#sends.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(send: PendingSend): void {
    this.#sends.push(send);
    this.#bytes += send.request.bytes;
  }

  /** Puts sends back to the front, in order: a retry goes before new sends. */
  putBack(sends: readonly PendingSend[]): void {
    for (const send of sends) this.#bytes += send.request.bytes;
    this.#sends = [...sends, ...this.#sends.slice(this.#head)];
    this.#head = 0;
  }

  /** Takes as many from the front as fit into one call. A larger send goes alone. */
  take(maxMessages: number, maxBytes: number): PendingSend[] {
    const taken: PendingSend[] = [];
    let bytes = 0;
    while (this.#head < this.#sends.length && taken.length < maxMessages) {
      const send = this.#sends[this.#head] as PendingSend;
      if (!send.isGone) {
        if (taken.length > 0 && bytes + send.request.bytes > maxBytes) break;
        bytes += send.request.bytes;
        taken.push(send);
      }
      this.#bytes -= send.request.bytes;
      this.#head++;
    }
    this.#compact();
    return taken;
  }

  /** Frees the sends that are gone, for the time when no call takes any. */
  sweep(): void {
    this.#sends = this.#sends.slice(this.#head).filter(({ isGone }) => !isGone);
    this.#head = 0;
    this.#bytes = this.#sends.reduce((sum, { request }) => sum + request.bytes, 0);
  }

  #compact(): void {
    if (this.#head === this.#sends.length) this.#sends = [];
    else if (this.#head > 1_024) this.#sends = this.#sends.slice(this.#head);
    else return;
    this.#head = 0;
  }
}
