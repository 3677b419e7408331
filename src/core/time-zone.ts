/**
 * How far the clocks of a place are from UTC. Intl knows the rules, but takes some 50 us to make a
 * formatter and more than one to answer. So what it has said is kept: an offset holds for months.
 */

/** IANA has some 600 names; messages may bring any of them. */
const KEPT_ZONES = 128;
const zones = new Map<string, Zone>();

interface Zone {
  readonly formatter: Intl.DateTimeFormat;
  /** What is known, the latest first. */
  readonly spans: Span[];
}

/** A time in which the offset does not change: from an instant on, and before another one. */
interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly offsetMs: number;
}

/** Now, in some days, and what is between. */
const KEPT_SPANS = 4;

/** Clocks are not set twice within so little: where two ends are equal, so is what is between. */
const STEP_MS = 2 * 86_400_000;
const STEPS = 4;

/** Names as IANA has them: an offset such as `+01:00`, which Intl takes too, is no place. */
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
 * What the clocks of the zone are ahead of UTC at this instant, in milliseconds, and until when that
 * holds at least: they are set then, or nobody has looked further.
 */
export function offsetAt(timeZone: string, atMs: number): Readonly<Omit<Span, "fromMs">> {
  const { formatter, spans } = zoneOf(timeZone);
  for (const span of spans) if (atMs >= span.fromMs && atMs < span.untilMs) return span;
  const offsetMs = ask(formatter, atMs);
  const span = {
    fromMs: edge(formatter, atMs, offsetMs, -1),
    untilMs: edge(formatter, atMs, offsetMs, 1) + 1,
    offsetMs,
  };
  spans.unshift(span);
  if (spans.length > KEPT_SPANS) spans.pop();
  return span;
}

/** The last instant in a direction that has this offset, or as far as it looks. */
function edge(formatter: Intl.DateTimeFormat, atMs: number, offsetMs: number, way: 1 | -1): number {
  let same = atMs;
  for (let step = 0; step < STEPS; step++) {
    let other = same + way * STEP_MS;
    if (ask(formatter, other) !== offsetMs) {
      while (Math.abs(other - same) > 1) {
        const middle = Math.floor((same + other) / 2);
        if (ask(formatter, middle) === offsetMs) same = middle;
        else other = middle;
      }
      return same;
    }
    same = other;
  }
  return same;
}

function ask(formatter: Intl.DateTimeFormat, atMs: number): number {
  const text = formatter.format(atMs);
  // "6/15/2026, GMT+05:45"; of UTC itself "GMT"; of times long ago with seconds.
  const at = text.indexOf("GMT") + 3;
  if (at === text.length) return 0;
  const sign = text[at] === "-" ? -1 : 1;
  const digits = (from: number) => Number(text.slice(at + from, at + from + 2));
  const seconds = text.length > at + 6 ? digits(7) : 0;
  return sign * ((digits(1) * 60 + digits(4)) * 60 + seconds) * 1_000;
}

function zoneOf(timeZone: string): Zone {
  // Names mean the same in any case: each spelling by itself would fill the table.
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
