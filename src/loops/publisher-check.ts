import { type Loop, startLoop } from "./interval.ts";

const CHECK_MS = 5_000;

export interface PublisherCheckParts {
  /** Resolves if events can be published now; rejects with what is wrong. */
  check(): Promise<void>;
  /** Where events go, for the log. */
  target: object;
  log: { warn(facts: object, message: string): void; info(facts: object, message: string): void };
}

/** Finds out whether NATS takes events, also while there are none. */
export class PublisherCheck {
  readonly #parts: PublisherCheckParts;
  #isUp: boolean | undefined;
  #loop: Loop | undefined;

  constructor(parts: PublisherCheckParts) {
    this.#parts = parts;
  }

  /** Whether NATS took events some seconds ago. */
  get isUp(): boolean {
    return this.#isUp === true;
  }

  start(): void {
    this.#loop = startLoop(CHECK_MS, () => this.#check());
  }

  async stop(): Promise<void> {
    await this.#loop?.stop();
  }

  async #check(): Promise<void> {
    const { check, target, log } = this.#parts;
    const wasUp = this.#isUp;
    try {
      await check();
      this.#isUp = true;
      if (wasUp !== true) log.info(target, "events go to NATS");
    } catch (error) {
      this.#isUp = false;
      const { message } = error as Error;
      if (wasUp !== false) log.warn({ error: message }, "NATS cannot take events; retrying");
    }
  }
}
