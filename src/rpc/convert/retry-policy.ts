import type {
  RetryPolicy as WirePolicy,
  RetryWindow as WireWindow,
} from "../../../gen/dlq/v1/message_pb.ts";
import {
  BACKOFF_NUMBERS,
  encodePolicy,
  JITTER_NUMBERS,
  nameOfNumber,
} from "../../codec/retry-settings.ts";
import type { MessageRetry } from "../../core/policy.ts";
import {
  asOverride,
  type PolicyOverride,
  policyContradictions,
} from "../../core/policy-override.ts";
import { PRESETS, type PresetName } from "../../core/presets.ts";
import type { RetryPolicy } from "../../core/settings.ts";
import { isTimeZone } from "../../core/time-zone.ts";
import { exceedsUtf8 } from "../../core/utf8.ts";
import { DAY_MINUTES, parseTimeOfDay, type RetryWindow } from "../../core/windows.ts";
import { WIRE_LIMITS } from "./limits.ts";
import { isZero, readDurationMs } from "./time.ts";
import type { Violations } from "./violations.ts";

/** Reads the retry settings of one message. */
export function readRetry(
  v: Violations,
  maxRetries: number | undefined,
  policy: WirePolicy | undefined,
): MessageRetry {
  checkRetries(v, "max_retries", maxRetries);
  return { maxRetries, policy: policy && readPolicy(v, "retry_policy", policy) };
}

/** Reads a partial policy; `field` is its path. */
export function readPolicy(v: Violations, field: string, policy: WirePolicy): PolicyOverride {
  const delay = (name: string, value: WirePolicy["initialDelay"]) =>
    readDurationMs(v, `${field}.${name}`, value, 0, WIRE_LIMITS.retryDelayMs);
  const initialDelayMs = delay("initial_delay", policy.initialDelay);
  const maxDelayMs = delay("max_delay", policy.maxDelay);
  if (initialDelayMs !== undefined && maxDelayMs !== undefined && maxDelayMs < initialDelayMs) {
    v.add(`${field}.max_delay`, `is shorter than ${field}.initial_delay; raise it or leave it out`);
  }
  checkRetries(v, `${field}.max_retries`, policy.maxRetries);
  const { multiplier } = policy;
  if (multiplier !== undefined && !(multiplier >= 1 && multiplier <= WIRE_LIMITS.multiplier)) {
    v.add(
      `${field}.multiplier`,
      `is ${multiplier}; it must be from 1 to ${WIRE_LIMITS.multiplier}`,
    );
  }
  if (policy.preset !== "" && !isPreset(policy.preset)) {
    v.add(`${field}.preset`, `must be one of ${Object.keys(PRESETS).join(", ")}`);
  }
  const own: PolicyOverride = {
    preset: isPreset(policy.preset) ? policy.preset : undefined,
    maxRetries: policy.maxRetries,
    initialDelayMs,
    maxDelayMs,
    jitter: readEnum(v, `${field}.jitter`, "dlq.v1.Jitter", JITTER_NUMBERS, policy.jitter),
    backoff: readEnum(v, `${field}.backoff`, "dlq.v1.Backoff", BACKOFF_NUMBERS, policy.backoff),
    multiplier,
    incrementMs: delay("increment", policy.increment),
    scheduleMs: readSchedule(v, `${field}.schedule`, policy.schedule),
    maxElapsedMs: readMaxElapsed(v, `${field}.max_elapsed`, policy.maxElapsed),
    windows: readWindows(v, `${field}.windows`, policy.windows),
  };
  for (const wrong of policyContradictions(own)) v.add(`${field}.${wrong.field}`, wrong.problem);
  return own;
}

/** Writes a complete policy. */
export function writePolicy(policy: RetryPolicy): WirePolicy {
  return encodePolicy(asOverride(policy));
}

function readEnum<Name extends string>(
  v: Violations,
  field: string,
  type: string,
  numbers: Readonly<Record<Name, number>>,
  number: number,
): Name | undefined {
  if (number === 0) return undefined;
  const name = nameOfNumber(numbers, number);
  if (name === undefined) v.add(field, `is not a known value of ${type}`);
  return name;
}

function readSchedule(
  v: Violations,
  field: string,
  schedule: WirePolicy["schedule"],
): readonly number[] | undefined {
  if (schedule.length === 0) return undefined;
  const most = WIRE_LIMITS.scheduleDelays;
  if (schedule.length > most) {
    v.add(field, `has ${schedule.length} delays; at most ${most} are allowed`);
    return undefined;
  }
  return schedule.map(
    (one, index) => readDurationMs(v, `${field}[${index}]`, one, 0, WIRE_LIMITS.retryDelayMs) ?? 0,
  );
}

function readMaxElapsed(
  v: Violations,
  field: string,
  value: WirePolicy["maxElapsed"],
): number | undefined {
  if (value !== undefined && isZero(value)) return 0;
  const { maxElapsedMinMs, maxElapsedMaxMs } = WIRE_LIMITS;
  return readDurationMs(v, field, value, maxElapsedMinMs, maxElapsedMaxMs);
}

function checkRetries(v: Violations, field: string, value: number | undefined): void {
  if (value !== undefined && value > WIRE_LIMITS.retries) {
    v.add(field, `is ${value}; at most ${WIRE_LIMITS.retries} are allowed`);
  }
}

function isPreset(name: string): name is PresetName {
  return Object.hasOwn(PRESETS, name);
}

/** The longest IANA name has 32 characters. */
const TIME_ZONE_BYTES = 64;

/** Returns undefined if there are none: the next layer applies. */
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

/** The values used for refused fields do not matter. */
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
    v.add(`${field}.days`, "has a value of dlq.v1.DayOfWeek that is unknown to this server");
  }
  return { timeZone, startMinute, endMinute, days };
}
