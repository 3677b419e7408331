import { type Loop, startLoop } from "../loops/interval.ts";
import type { Logger } from "../observe/log.ts";

/** What is read from files and may change while the server runs. */
export interface Reloadable<T> {
  /** What it is, in logs. */
  readonly name: string;
  /** Reads and checks the files. Rejects if they cannot be used. */
  load(): Promise<T>;
  /** Puts a new value into use. Not called if the files cannot be used. */
  use(value: T): void;
}

/** Files are compared this often. Links and mounts that a platform swaps raise no file events. */
const EVERY_MS = 2_000;

/**
 * Reads files again at SIGHUP and when their content changes. While a new content cannot be used,
 * the previous one stays in force.
 */
export class ReloadedFiles {
  readonly #log: Pick<Logger, "info" | "warn">;
  readonly #all: Reloaded[] = [];

  constructor(log: Pick<Logger, "info" | "warn">) {
    this.#log = log;
  }

  /** Returns the first value. Rejects if the files cannot be used. */
  async add<T>(reloadable: Reloadable<T>): Promise<T> {
    const first = await reloadable.load();
    this.#all.push(new Reloaded(reloadable, first, this.#log));
    return first;
  }

  /** Starts to follow changes. */
  start(): Loop {
    return startLoop(EVERY_MS, () => this.#check(false));
  }

  /** Reads all files again, and logs the result even if nothing has changed. */
  async reload(): Promise<void> {
    if (this.#all.length === 0)
      this.#log.info("nothing to reload: the settings name no tokens file and no certificate");
    await this.#check(true);
  }

  async #check(always: boolean): Promise<void> {
    for (const one of this.#all) await one.check(always);
  }
}

class Reloaded<T = unknown> {
  readonly #source: Reloadable<T>;
  readonly #log: Pick<Logger, "info" | "warn">;
  /** The last content, or why it could not be used. */
  #seen: string;

  constructor(source: Reloadable<T>, first: T, log: Pick<Logger, "info" | "warn">) {
    this.#source = source;
    this.#log = log;
    this.#seen = JSON.stringify(first);
  }

  async check(always: boolean): Promise<void> {
    const { name, load, use } = this.#source;
    try {
      const value = await load();
      if (!this.#isNew(JSON.stringify(value)) && !always) return;
      use(value);
      this.#log.info({ what: name }, "files reloaded");
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (!this.#isNew(why) && !always) return;
      const message = "files cannot be used; the previous ones stay in force";
      this.#log.warn({ what: name, error: why }, message);
    }
  }

  #isNew(seen: string): boolean {
    if (seen === this.#seen) return false;
    this.#seen = seen;
    return true;
  }
}
