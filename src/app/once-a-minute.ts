const SAME_AGAIN_MS = 60_000;
/** Names that are kept. Beyond, all are forgotten and may be logged again. */
const MOST = 1_000;

/**
 * Limits repeated log lines to one a minute for each name: an error may occur for every message.
 */
export class OnceAMinute {
  /** The wall clock. */
  readonly #now: () => number;
  readonly #loggedAtMs = new Map<string, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Reports whether to log it now. */
  isDue(name: string): boolean {
    const nowMs = this.#now();
    const last = this.#loggedAtMs.get(name);
    if (last !== undefined && Math.abs(nowMs - last) < SAME_AGAIN_MS) return false;
    if (this.#loggedAtMs.size >= MOST) this.#loggedAtMs.clear();
    this.#loggedAtMs.set(name, nowMs);
    return true;
  }
}
