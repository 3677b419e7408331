import { storeUnavailable } from "../../core/errors.ts";
import type { Connection } from "./connection.ts";
import { LayoutError } from "./layout.ts";

/** A check that failed, but not for good, is made again after this long. */
const AGAIN_MS = 250;

export interface OpeningParts {
  connection: Connection;
  /** Looks at what is there; gives warnings, or rejects with a LayoutError. */
  check(): Promise<string[]>;
  onError(error: Error): void;
}

/**
 * The time between a connection and its use: another Redis, or other data, may answer now than
 * before. Nothing is read or written until it has been checked, and again after each reconnect.
 */
export class Opening {
  readonly #parts: OpeningParts;
  readonly #onReady: ((warnings: readonly string[]) => void)[] = [];
  readonly #onLost: (() => void)[] = [];
  readonly #onRefused: ((error: LayoutError) => void)[] = [];
  #usable = false;
  /** Grows with each lost connection: a check of an earlier one says nothing of this one. */
  #connections = 0;

  constructor(parts: OpeningParts) {
    this.#parts = parts;
    const { redis } = parts.connection;
    redis.on("ready", () => void this.#untilUsable());
    redis.on("close", () => {
      this.#connections++;
      this.#usable = false;
      for (const listener of this.#onLost) listener();
    });
  }

  get usable(): boolean {
    return this.#usable && this.#parts.connection.ready;
  }

  /** Throws STORE_UNAVAILABLE while the store may not be used. */
  require(): void {
    if (!this.#usable) throw storeUnavailable(AGAIN_MS);
  }

  async open(): Promise<string[]> {
    const connection = this.#connections;
    const warnings = await this.#parts.check();
    if (connection === this.#connections) this.#usable = true;
    return warnings;
  }

  onReady(listener: (warnings: readonly string[]) => void): void {
    this.#onReady.push(listener);
  }

  onLost(listener: () => void): void {
    this.#onLost.push(listener);
  }

  onRefused(listener: (error: LayoutError) => void): void {
    this.#onRefused.push(listener);
  }

  async #untilUsable(): Promise<void> {
    const connection = this.#connections;
    while (connection === this.#connections && !this.#usable) {
      try {
        const warnings = await this.open();
        if (this.#usable) for (const listener of this.#onReady) listener(warnings);
      } catch (error) {
        if (error instanceof LayoutError) {
          for (const listener of this.#onRefused) listener(error);
          return;
        }
        if (error instanceof Error) this.#parts.onError(error);
        await new Promise<void>((resolve) => {
          setTimeout(resolve, AGAIN_MS).unref();
        });
      }
    }
  }
}
