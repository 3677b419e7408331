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
  /** The time that has really passed, on the store's clock. */
  #atMs: number | undefined;
  /** The store's clock itself. */
  #storeMs: number | undefined;
  #seenAt = 0;
  /** When the latest step was seen; undefined: both clocks agree. */
  #steppedAt: number | undefined;
  #steppedToMs = 0;

  constructor(parts: LifeClockParts) {
    this.#parts = parts;
  }

  /** The instant of the store's clock up to which lives may end now; 0: no limit is known. */
  get limitMs(): number {
    return this.#atMs === undefined ? 0 : this.#expectedMs(this.#atMs) + STEP_MS;
  }

  /** The instant of the store's clock when the latest step was seen: lives that begin later end by that clock. 0: no step. */
  get steppedToMs(): number {
    return this.#steppedToMs;
  }

  /** Takes note of the store's time in a reply. */
  observe(storeMs: number): void {
    const now = this.#parts.now();
    const expectedMs = this.#atMs === undefined ? storeMs : this.#expectedMs(this.#atMs);
    const stepMs = this.#storeMs === undefined ? 0 : storeMs - this.#expectedMs(this.#storeMs);
    const isAhead = storeMs - expectedMs > STEP_MS;
    const isNew = isAhead && stepMs > STEP_MS;
    const steppedAt = isNew ? now : this.#steppedAt;
    const isHeld = isAhead && steppedAt !== undefined && now - steppedAt < HOLD_MS;
    this.#steppedAt = isHeld ? steppedAt : undefined;
    if (isNew) this.#steppedToMs = storeMs;
    else if (!isHeld) this.#steppedToMs = 0;
    this.#atMs = isHeld ? expectedMs : storeMs;
    this.#storeMs = storeMs;
    this.#seenAt = now;
    if (isNew) this.#parts.onStep(stepMs);
  }

  #expectedMs(atMs: number): number {
    return atMs + this.#parts.now() - this.#seenAt;
  }
}
