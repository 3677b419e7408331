import { storeUnavailable } from "../../core/errors.ts";
import type { Connection } from "./connection.ts";
import { NODE_SILENCE_MS } from "./sessions.ts";
import { LayoutWait, StoreRefused } from "./storage-version.ts";

/** A check that failed, and may succeed later, is repeated after this. */
const AGAIN_MS = 250;
/**
 * The store may be used for so long after each confirmation. Other nodes treat a node as gone after a silence of
 * NODE_SILENCE_MS: the last call that it was allowed to send has run by then.
 */
const CONFIRMED_MS = NODE_SILENCE_MS - 4_000;

export interface OpeningParts {
  connection: Connection;
  /** Checks the store. Returns warnings, or rejects with StoreRefused. */
  check(): Promise<string[]>;
  /** Checks that the store is still the same; rejects with StoreRefused if it is not. */
  confirm(): Promise<unknown>;
  onError(error: Error): void;
  /** A monotonic clock, in milliseconds. */
  now(): number;
}

/**
 * Decides when the store may be used. After a connection another Redis, or other data, may answer than before: nothing is
 * read or written until the store was checked, also after each reconnect. Nor is anything when the last confirmation is
 * too old, as after this process was suspended.
 */
export class Opening {
  readonly #parts: OpeningParts;
  readonly #onReady: ((warnings: readonly string[]) => void)[] = [];
  readonly #onLost: (() => void)[] = [];
  readonly #onRefused: ((error: StoreRefused) => void)[] = [];
  #usable = false;
  #confirmedUntil = Number.NEGATIVE_INFINITY;
  #confirming: Promise<void> | undefined;
  /** Counts lost connections: a check of an earlier connection is not valid for this one. */
  #connections = 0;

  constructor(parts: OpeningParts) {
    this.#parts = parts;
    const { redis } = parts.connection;
    redis.on("ready", () => void this.#untilUsable());
    redis.on("close", () => {
      this.#connections++;
      this.#lose();
    });
  }

  get usable(): boolean {
    return this.#usable && this.#parts.connection.ready;
  }

  /**
   * Call it before each use. Throws STORE_UNAVAILABLE while the store may not be used. Returns a promise if the store must
   * be asked first.
   */
  enter(): Promise<void> | undefined {
    this.#require();
    return this.#parts.now() < this.#confirmedUntil ? undefined : this.#confirmInTime();
  }

  /** Runs `work` on the store; see `enter`. */
  async whenOpen<T>(work: () => Promise<T>): Promise<T> {
    await this.enter();
    return work();
  }

  async open(): Promise<string[]> {
    const connection = this.#connections;
    const warnings = await this.#parts.check();
    await this.#confirm(connection);
    if (connection === this.#connections) this.#usable = true;
    return warnings;
  }

  /** Asks the store whether it may still be used; if not, all uses end. */
  async confirm(): Promise<void> {
    this.#require();
    this.#confirming ??= this.#confirmOrEnd().finally(() => {
      this.#confirming = undefined;
    });
    await this.#confirming;
  }

  onReady(listener: (warnings: readonly string[]) => void): void {
    this.#onReady.push(listener);
  }

  onLost(listener: () => void): void {
    this.#onLost.push(listener);
  }

  onRefused(listener: (error: StoreRefused) => void): void {
    this.#onRefused.push(listener);
  }

  #require(): void {
    if (!this.#usable) throw storeUnavailable(AGAIN_MS);
  }

  async #confirmInTime(): Promise<void> {
    await this.confirm();
    if (this.#parts.now() >= this.#confirmedUntil) throw storeUnavailable(AGAIN_MS);
  }

  async #confirm(connection: number): Promise<void> {
    const began = this.#parts.now();
    await this.#parts.confirm();
    if (connection === this.#connections) this.#confirmedUntil = began + CONFIRMED_MS;
  }

  async #confirmOrEnd(): Promise<void> {
    const connection = this.#connections;
    try {
      await this.#confirm(connection);
    } catch (error) {
      if (connection !== this.#connections) throw storeUnavailable(AGAIN_MS, error);
      if (error instanceof StoreRefused) {
        this.#usable = false;
        this.#refuse(error);
      } else if (error instanceof LayoutWait) {
        this.#lose();
        void this.#untilUsable();
      } else {
        throw error;
      }
      throw storeUnavailable(AGAIN_MS, error);
    }
  }

  #lose(): void {
    this.#usable = false;
    for (const listener of this.#onLost) listener();
  }

  #refuse(error: StoreRefused): void {
    for (const listener of this.#onRefused) listener(error);
  }

  async #untilUsable(): Promise<void> {
    const connection = this.#connections;
    while (connection === this.#connections && !this.#usable) {
      try {
        const warnings = await this.open();
        if (this.#usable) for (const listener of this.#onReady) listener(warnings);
      } catch (error) {
        if (error instanceof StoreRefused) return this.#refuse(error);
        if (error instanceof Error) this.#parts.onError(error);
        await new Promise<void>((resolve) => {
          setTimeout(resolve, AGAIN_MS).unref();
        });
      }
    }
  }
}
