import type { RetryWindow as WireWindow } from "../../../gen/dlq/v1/message_pb.ts";
import { isTimeZone } from "../../core/time-zone.ts";
import { DAY_MINUTES, parseTimeOfDay, type RetryWindow } from "../../core/windows.ts";
import { WIRE_LIMITS } from "./limits.ts";
import { exceedsUtf8 } from "./text.ts";
import type { Violations } from "./violations.ts";

/** The longest of IANA has 32 characters. */
const TIME_ZONE_BYTES = 64;

/** Undefined when there are none: other levels decide. */
export function readWindows(
  v: Violations,
  field: string,
  windows: readonly WireWindow[],
): readonly RetryWindow[] | undefined {
  if (windows.length === 0) return undefined;
  const most = WIRE_LIMITS.retryWindows;
  if (windows.length > most) {
    v.add(field, `has ${windows.length} entries; at most ${most} are allowed`);
    return undefined;
  }
  return windows.map((window, index) => readWindow(v, `${field}[${index}]`, window));
}

/** Where something is refused, what stands in for it does not matter. */
function readWindow(v: Violations, field: string, window: WireWindow): RetryWindow {
  const timeZone = window.timeZone || "UTC";
  if (exceedsUtf8(timeZone, TIME_ZONE_BYTES) || !isTimeZone(timeZone)) {
    v.add(`${field}.time_zone`, "is not a name of the IANA time zone database, e.g. Europe/Berlin");
  }
  const startMinute = parseTimeOfDay(window.startTime) ?? DAY_MINUTES;
  if (startMinute === DAY_MINUTES) {
    v.add(`${field}.start_time`, "is not a time of day from 00:00 to 23:59, as HH:MM");
  }
  const endMinute = parseTimeOfDay(window.endTime) ?? 0;
  if (endMinute === 0) {
    v.add(`${field}.end_time`, "is not a time of day from 00:01 to 24:00, as HH:MM");
  }
  const days = [...new Set(window.days)];
  if (days.some((day) => !(day >= 1 && day <= 7))) {
    v.add(`${field}.days`, "has a value of dlq.v1.DayOfWeek that is no day this server knows");
  }
  return { timeZone, startMinute, endMinute, days };
}
