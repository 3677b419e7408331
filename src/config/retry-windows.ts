import { LIMITS } from "../core/settings.ts";
import { isTimeZone } from "../core/time-zone.ts";
import { DAY_MINUTES, formatTimeOfDay, parseTimeOfDay, type RetryWindow } from "../core/windows.ts";
import type { ConfigError } from "./config-error.ts";
import { listOf } from "./list.ts";
import { optional, type Setting, setting } from "./setting.ts";
import type { Source } from "./source.ts";
import { choice, scalarType, type ValueType } from "./value-type.ts";

/** ISO 8601 order: Monday is first. */
const DAYS = [
  "monday",
  "tuesday",
  "wednesday",
  "thursday",
  "friday",
  "saturday",
  "sunday",
] as const;

const timeZone: ValueType<string> = scalarType({
  placeholder: "ZONE",
  allowed: "a name of the IANA time zone database, such as Europe/Berlin",
  parse: (text) => (isTimeZone(text) ? { ok: text } : { problem: "is not a known time zone" }),
  format: (value) => value,
});

function timeOfDay(minMinute: number, maxMinute: number): ValueType<number> {
  return scalarType({
    placeholder: "HH:MM",
    allowed: `a time of day from ${formatTimeOfDay(minMinute)} to ${formatTimeOfDay(maxMinute)}`,
    parse: (text) => {
      const minute = parseTimeOfDay(text);
      if (minute === undefined) return { problem: "is not a time of day" };
      if (minute < minMinute) return { problem: "is too early" };
      return minute > maxMinute ? { problem: "is too late" } : { ok: minute };
    },
    format: formatTimeOfDay,
  });
}

const dayName = choice(DAYS);
const day: ValueType<number> = {
  placeholder: dayName.placeholder,
  allowed: dayName.allowed,
  parse: (raw) => {
    const parsed = dayName.parse(raw);
    return "ok" in parsed ? { ok: DAYS.indexOf(parsed.ok) + 1 } : parsed;
  },
  format: (value) => DAYS[value - 1] ?? "",
};

const row = { group: "Queues" } as const;

/** Keys of each entry of `windows`. */
export const WINDOW_SETTINGS = {
  timeZone: setting({
    ...row,
    name: "time-zone",
    type: timeZone,
    fallback: "UTC",
    doc: "Time zone of start and end.",
    example: "Europe/Berlin",
  }),
  startMinute: optional({
    ...row,
    name: "start",
    type: timeOfDay(0, DAY_MINUTES - 1),
    doc: "Start of the window. Required.",
    example: "08:00",
  }),
  endMinute: optional({
    ...row,
    name: "end",
    type: timeOfDay(1, DAY_MINUTES),
    doc: "End of the window; at or before start: on the next day. Required.",
    example: "20:00",
  }),
  days: setting({
    ...row,
    name: "days",
    type: listOf(day, { placeholder: "DAY,…", allowed: `days, of ${DAYS.join(", ")}` }),
    fallback: [],
    fallbackText: "every day",
    doc: "Days on which the window starts.",
    example: "[monday, friday]",
  }),
} as const satisfies Record<keyof RetryWindow, Setting>;

/** Documentation of the key `windows`. */
export const WINDOWS_DOC = `Times of day at which attempts may start. A delay that ends outside of all windows is extended to the next one. Up to ${LIMITS.retryWindows} entries, see below. Without windows: at any time.`;

/** Returns the window; undefined and an error if something is missing. */
export function completeWindow(
  draft: Partial<RetryWindow>,
  label: string,
  source: Source,
  errors: ConfigError[],
): RetryWindow | undefined {
  const { startMinute, endMinute } = draft;
  if (startMinute === undefined || endMinute === undefined) {
    const missing = startMinute === undefined ? "start" : "end";
    errors.push({ setting: `${label}.${missing}`, source, problem: "is missing" });
    return undefined;
  }
  const { timeZone = WINDOW_SETTINGS.timeZone.fallback, days = [] } = draft;
  return Object.freeze({ timeZone, startMinute, endMinute, days });
}
