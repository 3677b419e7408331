/** A larger step forward, in milliseconds, is a wrong clock and not a late reply. */
const STEP_MS = 60_000;
/** After a step forward, the time that was skipped ends no life for so long. */
const HOLD_MS = 86_400_000;

export interface LifeClockParts {
  /** A monotonic clock, in milliseconds. */
  now(): number;
  /** Called once for each step forward of the store's clock, with its size in milliseconds. */
  onStep(ms: number): void;
}

/**
 * Follows the store's clock by the clock of this process. If the store's clock steps forward, as after a failover to a
 * machine with a wrong one, lives and retentions end by the time that has really passed, for a day: what a wrong clock
 * deletes is lost. A process that starts after the step takes the store's clock as it is, and ends lives by it.
 */
export class LifeClock {
  readonly #parts: LifeClockParts;
  #atMs: number | undefined;
  #seenAt = 0;
  /** When the step was seen; undefined: both clocks agree. */
  #steppedAt: number | undefined;
  #steppedToMs = 0;

  constructor(parts: LifeClockParts) {
    this.#parts = parts;
  }

  /** The instant of the store's clock up to which lives may end now; 0: no limit is known. */
  get limitMs(): number {
    return this.#atMs === undefined ? 0 : this.#expectedMs(this.#atMs) + STEP_MS;
  }

  /** The instant of the store's clock when the step was seen: lives that begin later end by that clock. 0: no step. */
  get steppedToMs(): number {
    return this.#steppedToMs;
  }

  /** Takes note of the store's time in a reply. */
  observe(storeMs: number): void {
    const now = this.#parts.now();
    const expectedMs = this.#atMs === undefined ? storeMs : this.#expectedMs(this.#atMs);
    const aheadMs = storeMs - expectedMs;
    const steppedAt = aheadMs > STEP_MS ? (this.#steppedAt ?? now) : undefined;
    const isNew = steppedAt !== undefined && this.#steppedAt === undefined;
    const isHeld = steppedAt !== undefined && now - steppedAt < HOLD_MS;
    this.#steppedAt = isHeld ? steppedAt : undefined;
    this.#atMs = isHeld ? expectedMs : storeMs;
    this.#seenAt = now;
    if (isNew) this.#steppedToMs = storeMs;
    else if (!isHeld) this.#steppedToMs = 0;
    if (isNew) this.#parts.onStep(aheadMs);
  }

  #expectedMs(atMs: number): number {
    return atMs + this.#parts.now() - this.#seenAt;
  }
}
