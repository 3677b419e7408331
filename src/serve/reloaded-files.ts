import { setTimeout as sleep } from "node:timers/promises";
import { readLiveFile } from "../config/live-file.ts";
import { type Loop, startLoop } from "../loops/interval.ts";
import type { Logger } from "../observe/log.ts";
import type { FilesState } from "../observe/metrics-files.ts";

type Paths = Readonly<Record<string, string | undefined>>;

/** What the files of these paths have. */
type Contents<P extends Paths> = {
  readonly [Part in keyof P]: undefined extends P[Part] ? Buffer | undefined : Buffer;
};

/** What is read from files and may change while the server runs. */
export interface Reloadable<P extends Paths, T> {
  /** What it is, in logs. */
  readonly name: string;
  readonly files: P;
  /** Throws if the contents cannot be used. */
  parse(contents: Contents<P>): T;
  /** Puts a new value into use. Not called if the files cannot be used. */
  use(value: T): void;
  /** Returns when the next part of a value in force expires. Undefined: nothing does. */
  expireAtMs?(value: T): number | undefined;
}

type Log = Pick<Logger, "info" | "warn">;

export interface ReloadedFilesOptions {
  readonly log: Log;
  /** Waits before new contents are read once more. Default: 200 ms. */
  readonly settle?: () => Promise<void>;
}

/** Files are compared this often. Links and mounts that a platform swaps raise no file events. */
const EVERY_MS = 2_000;
const SETTLE_MS = 200;
/** Files that change at each of these reads cannot be used. */
const SETTLE_READS = 10;

/**
 * Reads files again at SIGHUP and when their content changes. While a new content cannot be used,
 * the previous one stays in force. A file may be read while it is written, so a new content is used
 * once two reads agree.
 */
export class ReloadedFiles {
  readonly #log: Log;
  readonly #settle: () => Promise<unknown>;
  readonly #all: { check(always: boolean): Promise<void>; readonly state: FilesState }[] = [];
  /** The last check that was asked for. */
  #last = Promise.resolve();
  /** The check that has not begun. Calls until then share it. */
  #next: Promise<void> | undefined;
  #nextIsAsked = false;

  constructor({ log, settle = () => sleep(SETTLE_MS) }: ReloadedFilesOptions) {
    this.#log = log;
    this.#settle = settle;
  }

  /** Returns the first value. Rejects if the files cannot be used. */
  async add<P extends Paths, T>(reloadable: Reloadable<P, T>): Promise<T> {
    const first = await readAll(reloadable.files);
    const value = reloadable.parse(first);
    this.#all.push(new Reloaded(reloadable, first, value, this.#log, this.#settle));
    return value;
  }

  /** What was read, and whether what is on disk now can be used. */
  states(): FilesState[] {
    return this.#all.map(({ state }) => state);
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

  /** Checks all files after the check that runs, if one does. */
  #check(isAsked: boolean): Promise<void> {
    this.#nextIsAsked ||= isAsked;
    this.#next ??= this.#last.then(async () => {
      const always = this.#nextIsAsked;
      this.#next = undefined;
      this.#nextIsAsked = false;
      for (const one of this.#all) await one.check(always);
    });
    this.#last = this.#next;
    return this.#next;
  }
}

async function readAll<P extends Paths>(files: P): Promise<Contents<P>> {
  const read = async ([part, path]: [string, string | undefined]) =>
    [part, path === undefined ? undefined : await readNamed(path)] as const;
  const contents = await Promise.all(Object.entries(files).map(read));
  // The parts are those of the files.
  return Object.fromEntries(contents) as Contents<P>;
}

async function readNamed(path: string): Promise<Buffer> {
  try {
    return await readLiveFile(path);
  } catch (error) {
    throw new Error(`${path}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

class Reloaded<P extends Paths, T> {
  readonly #source: Reloadable<P, T>;
  readonly #log: Log;
  readonly #settle: () => Promise<unknown>;
  /** The last contents, or why they could not be read. */
  #seen: Contents<P> | string;
  #value: T;
  #isUnusable = false;

  constructor(
    source: Reloadable<P, T>,
    first: Contents<P>,
    value: T,
    log: Log,
    settle: () => Promise<unknown>,
  ) {
    this.#source = source;
    this.#log = log;
    this.#settle = settle;
    this.#seen = first;
    this.#value = value;
  }

  get state(): FilesState {
    const { name: what, expireAtMs } = this.#source;
    return { what, isUnusable: this.#isUnusable, expireAtMs: expireAtMs?.(this.#value) };
  }

  async check(always: boolean): Promise<void> {
    const what = this.#source.name;
    const seen = await this.#read();
    if (isSame(seen, this.#seen) && !always) return;
    this.#seen = seen;
    try {
      if (typeof seen === "string") throw new Error(seen);
      this.#value = this.#source.parse(seen);
      this.#source.use(this.#value);
      this.#isUnusable = false;
      this.#log.info({ what }, "files reloaded");
    } catch (error) {
      this.#isUnusable = true;
      const why = error instanceof Error ? error.message : String(error);
      const message = "files cannot be used; the previous ones stay in force";
      this.#log.warn({ what, error: why }, message);
    }
  }

  /** Returns the contents, or why they cannot be read. */
  async #read(): Promise<Contents<P> | string> {
    try {
      let last = await readAll(this.#source.files);
      if (isSame(last, this.#seen)) return last;
      for (let reads = 1; reads < SETTLE_READS; reads++) {
        await this.#settle();
        const next = await readAll(this.#source.files);
        if (isSame(next, last)) return next;
        last = next;
      }
      return "they change all the time";
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
}

function isSame(a: Contents<Paths> | string, b: Contents<Paths> | string): boolean {
  if (typeof a === "string" || typeof b === "string") return a === b;
  return Object.entries(a).every(([part, content]) => {
    const other = b[part];
    return content === undefined || other === undefined ? content === other : content.equals(other);
  });
}
