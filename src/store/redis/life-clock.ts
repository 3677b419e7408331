import { DAY_MS, MINUTE_MS } from "../../core/time-units.ts";

/** A larger step, in milliseconds, is a wrong clock and not a late reply. */
const STEP_MS = MINUTE_MS;
/** After a step forward, the time that was skipped ends no life for so long. */
const HOLD_MS = DAY_MS;

/** A step forward of the store's clock whose skipped time ends no life. Servers share it: see shared-life-clock.ts. */
export interface ClockStep {
  /** How far the store's clock is ahead of the time that has really passed, in milliseconds. */
  readonly aheadMs: number;
  /** When it was seen, by the store's clock. Lives that begin later end by that clock. */
  readonly seenAtMs: number;
}

export interface LifeClockParts {
  /** A monotonic clock, in milliseconds. */
  now(): number;
  /** Called once for each step forward that counts, with its size in milliseconds. */
  onStep(ms: number): void;
  /** Called when `step` has changed by what this process saw. */
  onChange(): void;
}

/**
 * Follows the store's clock by the clock of this process. If the store's clock steps forward, as after a failover to a
 * machine with a wrong one, lives and retentions end by the time that has really passed, for a day: what a wrong clock
 * deletes is lost. A process that starts within this day takes the step over from `adopt`.
 */
export class LifeClock {
  readonly #parts: LifeClockParts;
  /** The store's clock in the last reply. */
  #storeAtMs: number | undefined;
  #seenAtMs = 0;
  /** The store's clock in the first reply. */
  #firstAtMs = 0;
  #step: ClockStep | undefined;

  constructor(parts: LifeClockParts) {
    this.#parts = parts;
  }

  /** The step whose skipped time ends no life now. */
  get step(): ClockStep | undefined {
    return this.#step;
  }

  /** The instant of the store's clock up to which lives may end now; 0: no limit is known. */
  get limitAtMs(): number {
    const nowMs = this.#expectedMs();
    return nowMs === undefined ? 0 : nowMs - (this.#step?.aheadMs ?? 0) + STEP_MS;
  }

  /** The instant of the store's clock when the latest step was seen; 0: there was none. */
  get steppedAtMs(): number {
    return this.#step?.seenAtMs ?? 0;
  }

  /** How long a step still counts, in milliseconds. */
  leftMs({ seenAtMs }: ClockStep): number {
    return seenAtMs + HOLD_MS - (this.#expectedMs() ?? seenAtMs);
  }

  /** Takes note of the step that other processes have stored. It counts if this process started after it. Call `observe` first. */
  adopt(step: ClockStep | undefined): void {
    const nowMs = this.#expectedMs();
    if (step === undefined || nowMs === undefined || this.#step !== undefined) return;
    const isOver = this.leftMs(step) <= 0;
    const hasSteppedBack = step.seenAtMs > nowMs + STEP_MS;
    // A process that ran before the step has seen it itself, or will.
    const ranBefore = this.#firstAtMs <= step.seenAtMs - step.aheadMs;
    if (isOver || hasSteppedBack || ranBefore) return;
    this.#step = step;
    this.#parts.onStep(step.aheadMs);
  }

  /** Takes note of the store's time in a reply. */
  observe(storeMs: number): void {
    const expectedMs = this.#expectedMs();
    this.#storeAtMs = storeMs;
    this.#seenAtMs = this.#parts.now();
    if (expectedMs === undefined) {
      this.#firstAtMs = storeMs;
      return;
    }
    const stepMs = storeMs - expectedMs;
    const aheadMs = (this.#step?.aheadMs ?? 0) + stepMs;
    const isStep = Math.abs(stepMs) > STEP_MS;
    if (isStep && aheadMs > STEP_MS) {
      this.#change({ aheadMs, seenAtMs: storeMs });
      if (stepMs > 0) this.#parts.onStep(stepMs);
    } else if (this.#step !== undefined) {
      if (aheadMs <= STEP_MS || this.leftMs(this.#step) <= 0) this.#change(undefined);
      else this.#step = { ...this.#step, aheadMs };
    }
  }

  #change(step: ClockStep | undefined): void {
    this.#step = step;
    this.#parts.onChange();
  }

  /** The store's clock now, if it has not stepped since the last reply. */
  #expectedMs(): number | undefined {
    return this.#storeAtMs === undefined
      ? undefined
      : this.#storeAtMs + this.#parts.now() - this.#seenAtMs;
  }
}
