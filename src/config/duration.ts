import { DAY_MS, HOUR_MS, MINUTE_MS } from "../core/time-units.ts";
import { scalarType, type ValueType } from "./value-type.ts";

const UNIT_MS = { ms: 1, s: 1_000, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS } as const;

type Unit = keyof typeof UNIT_MS;

/** Largest first: a duration is printed in the largest unit without a remainder. */
const UNITS: readonly Unit[] = ["d", "h", "m", "s", "ms"];

/** Ten years. Longer ones are probably a wrong unit, and sums of times stay safe integers. */
export const DURATION_MAX_MS = 3650 * UNIT_MS.d;

/** 90000 -> "90s", 60000 -> "1m", 86400000 -> "24h": days only from two on. */
export function formatDuration(ms: number): string {
  if (ms === 0) return "0";
  for (const unit of UNITS) {
    const n = ms / UNIT_MS[unit];
    if (Number.isInteger(n) && (unit !== "d" || n > 1)) return `${n}${unit}`;
  }
  return `${ms}ms`;
}

/**
 * A duration in milliseconds. A number without a unit is refused, since its unit is unclear; only 0
 * needs none.
 *
 * `zero: true` accepts 0 (a setting's "off") outside the range.
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
      // Rounded, because 1.1 * 1000 is not exactly 1100.
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
