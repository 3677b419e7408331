import { Deadline } from "./deadline.ts";
import type { DlqClientError } from "./errors.ts";
import { shielded } from "./shielded.ts";

/** How long somebody who is told may take, where a flush or a close waits for him. */
const MOST_WAIT_MS = 5_000;

/** Tells the program of what was dropped, and knows when it has heard. */
export class Drops {
  readonly tell: (error: DlqClientError, queue: string) => void;
  readonly #heard = new Set<Promise<void>>();

  constructor(onDropped: (error: DlqClientError, queue: string) => unknown) {
    this.tell = shielded("onDropped", onDropped, (heard) => {
      this.#heard.add(heard);
      void heard.then(() => this.#heard.delete(heard));
    });
  }

  /** Resolves when the promises of `onDropped` are over, or the time is: it may itself wait for that. */
  async heard(mostMs: number = MOST_WAIT_MS): Promise<void> {
    if (this.#heard.size === 0) return;
    const all = Promise.all(this.#heard).then(() => {});
    await new Deadline(Math.min(mostMs, MOST_WAIT_MS)).meets(all);
  }
}
