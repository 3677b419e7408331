import { DAY_MS } from "./time-units.ts";

// Offsets of time zones from UTC. Intl needs some 50 us to make a formatter and more than 1 us for
// a lookup, so results are cached: an offset holds for months.

/** IANA has some 600 names, and messages may use any of them. */
const KEPT_ZONES = 128;
const zones = new Map<string, Zone>();

interface Zone {
  readonly formatter: Intl.DateTimeFormat;
  /** Known spans, the latest first. */
  readonly spans: Span[];
}

/** A time with one offset: from `fromMs` to before `untilMs`. */
interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly offsetMs: number;
}

/** Enough for now, some days ahead and the time between. */
const KEPT_SPANS = 4;

/**
 * Clocks are not changed twice within this time: if both ends have the same offset, so has the time
 * between.
 */
const STEP_MS = 2 * DAY_MS;
const STEPS = 4;

/** Names of IANA. Intl also accepts an offset such as `+01:00`, which is no time zone. */
const NAME = /^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)*$/;

export function isTimeZone(name: string): boolean {
  if (!NAME.test(name)) return false;
  try {
    zoneOf(name);
    return true;
  } catch {
    return false;
  }
}

/**
 * Returns the offset of the zone at this time, in milliseconds ahead of UTC, and until when it
 * holds at least.
 */
export function offsetAt(timeZone: string, atMs: number): Readonly<Omit<Span, "fromMs">> {
  const { formatter, spans } = zoneOf(timeZone);
  for (const span of spans) if (atMs >= span.fromMs && atMs < span.untilMs) return span;
  const offsetMs = offsetBy(formatter, atMs);
  const span = {
    fromMs: edge(formatter, atMs, offsetMs, -1),
    untilMs: edge(formatter, atMs, offsetMs, 1) + 1,
    offsetMs,
  };
  spans.unshift(span);
  if (spans.length > KEPT_SPANS) spans.pop();
  return span;
}

/** The last time in one direction with this offset, within the search range. */
function edge(formatter: Intl.DateTimeFormat, atMs: number, offsetMs: number, way: 1 | -1): number {
  let same = atMs;
  for (let step = 0; step < STEPS; step++) {
    let other = same + way * STEP_MS;
    if (offsetBy(formatter, other) !== offsetMs) {
      while (Math.abs(other - same) > 1) {
        const middle = Math.floor((same + other) / 2);
        if (offsetBy(formatter, middle) === offsetMs) same = middle;
        else other = middle;
      }
      return same;
    }
    same = other;
  }
  return same;
}

function offsetBy(formatter: Intl.DateTimeFormat, atMs: number): number {
  const text = formatter.format(atMs);
  // The text is like "6/15/2026, GMT+05:45"; "GMT" for UTC; with seconds long ago.
  const at = text.indexOf("GMT") + 3;
  if (at === text.length) return 0;
  const sign = text[at] === "-" ? -1 : 1;
  const digits = (from: number) => Number(text.slice(at + from, at + from + 2));
  const seconds = text.length > at + 6 ? digits(7) : 0;
  return sign * ((digits(1) * 60 + digits(4)) * 60 + seconds) * 1_000;
}

function zoneOf(timeZone: string): Zone {
  // Names are case-insensitive: otherwise each spelling would take a place in the cache.
  const key = timeZone.toLowerCase();
  const kept = zones.get(key);
  if (kept !== undefined) return kept;
  const formatter = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" });
  const zone = { formatter, spans: [] };
  const [oldest] = zones.keys();
  if (zones.size >= KEPT_ZONES && oldest !== undefined) zones.delete(oldest);
  zones.set(key, zone);
  return zone;
}
