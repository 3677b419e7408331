export interface RefusalLogOptions {
  write(fields: object): void;
  /** A clock in ms. */
  now?: () => number;
}

/** Time between two lines about one address. */
const REPEAT_MS = 60_000;
/** How often counts that wait for their line are looked at. */
const SWEEP_MS = 5_000;
/** Addresses with lines of their own. The rest shares one. */
const ADDRESSES_MAX = 100;
const OTHERS = "others";

/** What was refused last, and how many were refused since the last line. */
interface Pending {
  loggedAtMs: number;
  count: number;
  last: object;
}

/**
 * Logs what is refused before it is read: the first of an address at once, and after it at most one
 * line a minute, with a count. So an attacker cannot fill the log.
 */
export class RefusalLog {
  readonly #writeLine: RefusalLogOptions["write"];
  readonly #now: () => number;
  readonly #pending = new Map<string, Pending>();
  #sweep: NodeJS.Timeout | undefined;

  constructor({ write, now = performance.now.bind(performance) }: RefusalLogOptions) {
    this.#writeLine = write;
    this.#now = now;
  }

  report(facts: object, from = "unknown"): void {
    const isOther = !this.#pending.has(from) && this.#pending.size >= ADDRESSES_MAX;
    const address = isOther ? OTHERS : from;
    const fields = { address, ...facts };
    const pending = this.#pending.get(address);
    if (pending === undefined) {
      this.#pending.set(address, { loggedAtMs: this.#now(), count: 0, last: fields });
      this.#write(fields, 1);
      this.#sweep ??= setInterval(() => this.#writeDue(), SWEEP_MS).unref();
    } else {
      pending.count += 1;
      pending.last = fields;
    }
  }

  #writeDue(): void {
    const now = this.#now();
    for (const [address, pending] of this.#pending) {
      if (now - pending.loggedAtMs < REPEAT_MS) continue;
      if (pending.count === 0) this.#pending.delete(address);
      else this.#write(pending.last, pending.count);
      pending.count = 0;
      pending.loggedAtMs = now;
    }
    if (this.#pending.size > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }

  #write(fields: object, count: number): void {
    this.#writeLine({ ...fields, count });
  }
}
