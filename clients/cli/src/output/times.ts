import { type Duration, durationMs, type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";

const UNITS: readonly (readonly [ms: number, unit: string])[] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "m"],
  [1_000, "s"],
];

/** Returns a duration in its largest unit, such as `3d`, `5h` or `12s`; from two units on if it is short: `1h20m`. */
export function durationText(ms: number): string {
  if (ms < 0) return `-${durationText(-ms)}`;
  if (ms > 0 && ms < 1_000) return `${Math.max(1, Math.round(ms))}ms`;
  const at = UNITS.findIndex(([unitMs]) => ms >= unitMs);
  const [unitMs, unit] = UNITS[at] ?? [1_000, "s"];
  const count = Math.floor(ms / unitMs);
  const [nextMs, next] = UNITS[at + 1] ?? [0, ""];
  const rest = nextMs === 0 || at < 0 ? 0 : Math.floor((ms % unitMs) / nextMs);
  return count < 10 && rest > 0 ? `${count}${unit}${rest}${next}` : `${count}${unit}`;
}

/** How times are shown: as ages for people, or exact. */
export class Times {
  readonly #nowMs: number;
  readonly #isExact: boolean;

  /** @param isExact whether times are shown as instants, for output that is kept */
  constructor(nowMs: number, isExact: boolean) {
    this.#nowMs = nowMs;
    this.#isExact = isExact;
  }

  /** Returns how long ago it was, such as `5m`; or the instant. Empty for an absent time. */
  age(time: Timestamp | undefined): string {
    if (time === undefined) return "";
    if (this.#isExact) return instant(time);
    return durationText(Math.max(0, this.#nowMs - timestampMs(time)));
  }

  /** Returns the distance with its direction: `5m ago`, `in 12s` or `now`. */
  distance(time: Timestamp | undefined): string {
    if (time === undefined) return "";
    if (this.#isExact) return instant(time);
    const ms = timestampMs(time) - this.#nowMs;
    if (Math.abs(ms) < 1_000) return "now";
    return ms > 0 ? `in ${durationText(ms)}` : `${durationText(-ms)} ago`;
  }

  /** Returns the instant and, for people, the distance. */
  both(time: Timestamp | undefined): string {
    if (time === undefined) return "";
    return this.#isExact ? instant(time) : `${instant(time)} (${this.distance(time)})`;
  }
}

/** Returns `2026-01-31T18:00:00.000Z`. */
export function instant(time: Timestamp): string {
  return new Date(timestampMs(time)).toISOString();
}

/** Returns a duration of the contract as text; empty if it is absent. */
export function spanText(duration: Duration | undefined): string {
  return duration === undefined ? "" : durationText(durationMs(duration));
}
