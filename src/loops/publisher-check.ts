import { type Loop, startLoop } from "./interval.ts";

const CHECK_MS = 5_000;
const NOT_YET = "the server is not connected to NATS yet";

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
  /** Undefined: NATS takes events. */
  #error: string | undefined = NOT_YET;
  #loop: Loop | undefined;

  constructor(parts: PublisherCheckParts) {
    this.#parts = parts;
  }

  /** Why NATS took no events some seconds ago. Undefined: it did. */
  get error(): string | undefined {
    return this.#error;
  }

  start(): void {
    this.#loop = startLoop(CHECK_MS, () => this.#check());
  }

  async stop(): Promise<void> {
    await this.#loop?.stop();
  }

  async #check(): Promise<void> {
    const { check, target, log } = this.#parts;
    const before = this.#error;
    try {
      await check();
      this.#error = undefined;
      if (before !== undefined) log.info(target, "events go to NATS");
    } catch (error) {
      this.#error = (error as Error).message;
      const isKnown = before !== undefined && before !== NOT_YET;
      if (!isKnown) log.warn({ error: this.#error }, "NATS cannot take events; retrying");
    }
  }
}
