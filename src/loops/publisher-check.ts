import { type Loop, startLoop } from "./interval.ts";

const CHECK_MS = 5_000;
/** A reason that lasts is logged again this often. */
const REPEAT_MS = 600_000;
const NOT_YET = new Error("the server is not connected to NATS yet");

export interface PublisherCheckParts {
  /** Resolves if events can be published now; rejects with what is wrong. */
  check(): Promise<void>;
  /** Where events go, for the log. */
  target: object;
  log: { warn(facts: object, message: string): void; info(facts: object, message: string): void };
}

/** Finds out every 5 s whether NATS takes events, also while there are none. */
export class PublisherCheck {
  readonly #parts: PublisherCheckParts;
  /** Undefined: NATS takes events. */
  #error: Error | undefined = NOT_YET;
  /** Since when it takes none. */
  #downSinceMs: number | undefined;
  #loggedAtMs = 0;
  #loop: Loop | undefined;
  #isStopping = false;

  constructor(parts: PublisherCheckParts) {
    this.#parts = parts;
  }

  /** Why NATS took no events some seconds ago. Undefined: it did. */
  get error(): Error | undefined {
    return this.#error;
  }

  start(): void {
    this.#loop = startLoop(CHECK_MS, () => this.#check());
  }

  /** Resolves when no check is running. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#loop?.stop();
  }

  async #check(): Promise<void> {
    try {
      await this.#parts.check();
      this.#isUp();
    } catch (error) {
      if (!this.#isStopping) this.#isDown(error as Error);
    }
  }

  #isUp(): void {
    const { target, log } = this.#parts;
    if (this.#error === undefined) return;
    const downSinceMs = this.#downSinceMs;
    const outage =
      downSinceMs === undefined ? {} : { outageMs: Math.round(performance.now() - downSinceMs) };
    this.#error = undefined;
    this.#downSinceMs = undefined;
    log.info({ ...target, ...outage }, "connected to NATS: events are published");
  }

  #isDown(error: Error): void {
    const nowMs = performance.now();
    const isKnown = error.message === this.#error?.message && nowMs - this.#loggedAtMs < REPEAT_MS;
    this.#error = error;
    this.#downSinceMs ??= nowMs;
    if (isKnown) return;
    this.#loggedAtMs = nowMs;
    this.#parts.log.warn({ error: error.message }, "NATS takes no events; retrying every 5 s");
  }
}
