import type { PendingSend } from "./pending-send.ts";

/** Sends that wait for a call, in order; those that are gone meanwhile are passed over. */
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
    this.#bytes += send.letter.bytes;
  }

  /** Back to the front, in their order: what was tried before goes before what is new. */
  putBack(sends: readonly PendingSend[]): void {
    for (const send of sends) this.#bytes += send.letter.bytes;
    this.#sends = [...sends, ...this.#sends.slice(this.#head)];
    this.#head = 0;
  }

  /** As many from the front as fit into one call; one that is larger goes alone. */
  take(maxMessages: number, maxBytes: number): PendingSend[] {
    const taken: PendingSend[] = [];
    let bytes = 0;
    while (this.#head < this.#sends.length && taken.length < maxMessages) {
      const send = this.#sends[this.#head] as PendingSend;
      if (!send.isGone) {
        if (taken.length > 0 && bytes + send.letter.bytes > maxBytes) break;
        bytes += send.letter.bytes;
        taken.push(send);
      }
      this.#bytes -= send.letter.bytes;
      this.#head++;
    }
    this.#compact();
    return taken;
  }

  /** Lets go of those that are gone, however long no call takes them. */
  sweep(): void {
    this.#sends = this.#sends.slice(this.#head).filter(({ isGone }) => !isGone);
    this.#head = 0;
    this.#bytes = this.#sends.reduce((sum, { letter }) => sum + letter.bytes, 0);
  }

  #compact(): void {
    if (this.#head === this.#sends.length) this.#sends = [];
    else if (this.#head > 1_024) this.#sends = this.#sends.slice(this.#head);
    else return;
    this.#head = 0;
  }
}
