import { DAY_MS, HOUR_MS, MINUTE_MS } from "./time-units.ts";
import { offsetAt } from "./time-zone.ts";

/**
 * A part of the day in local time, from `startMinute` to before `endMinute`. In a repeated hour it
 * opens twice. If its start is skipped, it opens at the first time that exists.
 */
export interface RetryWindow {
  /** IANA name. */
  readonly timeZone: string;
  /** Minute of the day, 0 to 1439. */
  readonly startMinute: number;
  /** Minute of the day, 1 to 1440. At or before the start: on the next day. */
  readonly endMinute: number;
  /** Days on which it begins: 1 (Monday) to 7 (Sunday). Empty: every day. */
  readonly days: readonly number[];
}

export const DAY_MINUTES = 1_440;

/** Offsets are from -12 to +14 h; one more hour for safety. */
const FARTHEST_OFFSET_MS = 15 * HOUR_MS;

/** Limit of Date; no message is due after it. */
const FARTHEST_MS = 8.64e15 - 100 * DAY_MS;

/** A window opens at least once a week. A skipped time or day may cost one opening. */
const DAYS_AHEAD = 15;

/**
 * Returns the first time at or after `atMs` that is inside one of the windows; `atMs` if there are
 * no windows. Takes some microseconds, whatever the distance.
 */
export function firstAllowedAtMs(atMs: number, windows: readonly RetryWindow[]): number {
  if (windows.length === 0 || !(Math.abs(atMs) < FARTHEST_MS)) return atMs;
  let earliestMs = Number.POSITIVE_INFINITY;
  for (const window of windows) {
    const openMs = firstInside(atMs, window);
    if (openMs === atMs) return atMs;
    earliestMs = Math.min(earliestMs, openMs);
  }
  // A window that never opens must not block a message for ever. No such window is known.
  return earliestMs === Number.POSITIVE_INFINITY ? atMs : earliestMs;
}

function firstInside(atMs: number, window: RetryWindow): number {
  const today = Math.floor((atMs + offsetAt(window.timeZone, atMs).offsetMs) / DAY_MS);
  // Starts with yesterday, whose window may last until today.
  for (let day = today - 1; day <= today + DAYS_AHEAD; day++) {
    const openMs = insideOfDay(atMs, day, window);
    if (openMs === undefined) continue;
    if (openMs === atMs) return atMs;
    // A clock that is set back across midnight shows the next day before the end of this one.
    return Math.min(openMs, insideOfDay(atMs, day + 1, window) ?? openMs);
  }
  return Number.POSITIVE_INFINITY;
}

/**
 * Returns the first time at or after `atMs` inside the window that begins on this day (days since 1
 * January 1970, local time).
 */
function insideOfDay(atMs: number, day: number, window: RetryWindow): number | undefined {
  const { timeZone, startMinute, endMinute, days } = window;
  if (days.length > 0 && !days.includes(dayOfWeek(day))) return undefined;
  const overnight = endMinute <= startMinute ? DAY_MINUTES : 0;
  // Local start and end, written as if they were UTC.
  const startMs = day * DAY_MS + startMinute * MINUTE_MS;
  const endMs = day * DAY_MS + (endMinute + overnight) * MINUTE_MS;

  // The local times occur within this span, whatever the offset.
  let fromMs = Math.max(atMs, startMs - FARTHEST_OFFSET_MS);
  const toMs = endMs + FARTHEST_OFFSET_MS;
  while (fromMs < toMs) {
    const { offsetMs, untilMs } = offsetAt(timeZone, fromMs);
    const openMs = Math.max(fromMs, startMs - offsetMs);
    if (openMs < Math.min(untilMs, endMs - offsetMs)) return openMs;
    fromMs = untilMs;
  }
  return undefined;
}

/** 1 January 1970 was a Thursday. */
function dayOfWeek(day: number): number {
  return ((((day + 3) % 7) + 7) % 7) + 1;
}

/** Parses `HH:MM`, 00:00 to 24:00, as a minute of the day; undefined for other text. */
export function parseTimeOfDay(text: string): number | undefined {
  const [, hours, minutes] = /^(\d\d):([0-5]\d)$/.exec(text) ?? [];
  if (hours === undefined) return undefined;
  const minute = Number(hours) * 60 + Number(minutes);
  return minute <= DAY_MINUTES ? minute : undefined;
}

export function formatTimeOfDay(minute: number): string {
  const two = (n: number) => String(n).padStart(2, "0");
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}
