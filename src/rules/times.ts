import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../core/time-units.ts";

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: SECOND_MS,
  m: MINUTE_MS,
  h: HOUR_MS,
  d: DAY_MS,
};

/** Reads a duration such as `90m`, `1h30m`, `1.5h` or `7d`. Throws an Error for anything else. */
export function durationMs(text: string): number {
  if (!/^-?(?:\d{1,9}(?:\.\d{1,9})?(?:ms|s|m|h|d)){1,5}$/.test(text)) {
    throw new Error('a duration is written as "90s", "1h30m" or "7d"');
  }
  let sum = 0;
  for (const [, count, unit = ""] of text.matchAll(/([\d.]+)([a-z]+)/g)) {
    sum += Number(count) * (UNITS_MS[unit] ?? 0);
  }
  return Math.round(text.startsWith("-") ? -sum : sum);
}

const INSTANT =
  /^(\d{4}-\d\d-(\d\d))T(?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/** Reads an instant of RFC 3339. Throws an Error for anything else. */
export function instantMs(text: string): number {
  const parts = INSTANT.exec(text);
  const ms = parts === null ? Number.NaN : Date.parse(text);
  // Date takes the 30th of February for the 2nd of March.
  const dayInMonth = new Date(`${parts?.[1]}T00:00:00Z`).getUTCDate();
  if (Number.isNaN(ms) || dayInMonth !== Number(parts?.[2])) {
    throw new Error('a time is written as "2026-01-31T18:30:00Z" or "2026-01-31T19:30:00+01:00"');
  }
  return ms;
}

/** The hour of an instant, in UTC: `2026-01-31T18:00Z`. */
export function hourOf(ms: number): string {
  return `${textOf(ms).slice(0, 13)}:00Z`;
}

/** The day of an instant, in UTC: `2026-01-31`. */
export function dayOf(ms: number): string {
  return textOf(ms).slice(0, 10);
}

/** Years beyond 9999 have another form, and an instant may be out of range. */
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

export function textOf(ms: number): string {
  return new Date(Math.min(Math.max(ms, 0), LAST_MS)).toISOString();
}
