import { scalarType, type ValueType } from "./value-type.ts";

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

type Unit = keyof typeof UNIT_MS;

/** Largest first, so that a duration prints with the largest unit that leaves no remainder. */
const UNITS: readonly Unit[] = ["d", "h", "m", "s", "ms"];

/** Ten years: longer is a slip of the unit, and keeps every sum of instants a safe integer. */
export const DURATION_MAX_MS = 3650 * UNIT_MS.d;

/** "90s" -> "90s", 60000 -> "1m", 86400000 -> "24h" (days only from two on, as people say it). */
export function formatDuration(ms: number): string {
  if (ms === 0) return "0";
  for (const unit of UNITS) {
    const n = ms / UNIT_MS[unit];
    if (Number.isInteger(n) && (unit !== "d" || n > 1)) return `${n}${unit}`;
  }
  return `${ms}ms`;
}

/**
 * A length of time as milliseconds. A bare number is refused because every system reads another
 * unit into it; 0 alone is clear without one.
 *
 * `zero: true` accepts 0 (a setting's "off") apart from the range.
 */
export function duration(range: { min?: number; max?: number; zero?: boolean }): ValueType<number> {
  const min = range.min ?? 0;
  const max = range.max ?? DURATION_MAX_MS;
  const zero = range.zero === true || min === 0;
  const bounds = `from ${formatDuration(min)} to ${formatDuration(max)}${zero && min > 0 ? ", or 0" : ""}`;
  return scalarType({
    placeholder: "DURATION",
    allowed: `a number with a unit, such as 250ms, 30s, 5m, 24h or 7d, ${bounds}`,
    bounds,
    parse: (text) => {
      if (zero && text === "0") return { ok: 0 };
      const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]+)$/.exec(text);
      const unit = match?.[2];
      if (unit === undefined) {
        return {
          problem: /^\d+(\.\d+)?$/.test(text) ? "has no unit of time" : "is not a duration",
        };
      }
      if (!Object.hasOwn(UNIT_MS, unit)) return { problem: "has an unknown unit of time" };
      // Rounded because 1.1 * 1000 is not exactly 1100.
      const exact = Number(match?.[1]) * UNIT_MS[unit as Unit];
      const ms = Math.round(exact);
      if (Math.abs(exact - ms) > 1e-6) return { problem: "is finer than a millisecond" };
      if (zero && ms === 0) return { ok: 0 };
      if (ms < min) return { problem: "is too short" };
      return ms > max ? { problem: "is too long" } : { ok: ms };
    },
    format: formatDuration,
  });
}
