const SAME_AGAIN_MS = 60_000;
/** Names that are remembered; beyond, all are forgotten and may be told again. */
const MOST = 1_000;

/** What goes wrong once may go wrong for each message: it is logged once a minute at most, by name. */
export class OnceAMinute {
  /** The wall clock. */
  readonly #now: () => number;
  readonly #toldAtMs = new Map<string, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether to tell it now. */
  isDue(name: string): boolean {
    const nowMs = this.#now();
    const last = this.#toldAtMs.get(name);
    if (last !== undefined && Math.abs(nowMs - last) < SAME_AGAIN_MS) return false;
    if (this.#toldAtMs.size >= MOST) this.#toldAtMs.clear();
    this.#toldAtMs.set(name, nowMs);
    return true;
  }
}
