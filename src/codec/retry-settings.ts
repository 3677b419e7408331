import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { durationFromMs, durationMs } from "@bufbuild/protobuf/wkt";
import { RetrySettingsSchema } from "../../gen/dlq/storage/v1/envelope_pb.ts";
import {
  Backoff,
  type DayOfWeek,
  Jitter,
  type RetryPolicy,
  RetryPolicySchema,
  RetryWindowSchema,
  type RetryWindow as StoredWindow,
} from "../../gen/dlq/v1/message_pb.ts";
import type { MessageRetry } from "../core/policy.ts";
import type { PolicyOverride } from "../core/policy-override.ts";
import { PRESETS, type PresetName } from "../core/presets.ts";
import type { BackoffKind, Jitter as JitterName } from "../core/settings.ts";
import { isTimeZone } from "../core/time-zone.ts";
import { DAY_MINUTES, formatTimeOfDay, parseTimeOfDay, type RetryWindow } from "../core/windows.ts";

const NOTHING = new Uint8Array();

/** Encodes the retry settings of one message. Usually empty. */
export function encodeRetrySettings(retry: MessageRetry): Uint8Array {
  const { maxRetries, policy, rulePolicy } = retry;
  if (maxRetries === undefined && policy === undefined && rulePolicy === undefined) return NOTHING;
  const settings = create(RetrySettingsSchema);
  if (maxRetries !== undefined) settings.maxRetries = maxRetries;
  if (policy !== undefined) settings.policy = encodePolicy(policy);
  if (rulePolicy !== undefined) settings.rulePolicy = encodePolicy(rulePolicy);
  return toBinary(RetrySettingsSchema, settings);
}

export function decodeRetrySettings(bytes: Uint8Array): MessageRetry {
  if (bytes.length === 0) return {};
  const { maxRetries, policy, rulePolicy } = fromBinary(RetrySettingsSchema, bytes);
  return {
    maxRetries,
    policy: policy && decodePolicy(policy),
    ...(rulePolicy === undefined ? {} : { rulePolicy: decodePolicy(rulePolicy) }),
  };
}

export const JITTER_NUMBERS = {
  none: Jitter.NONE,
  proportional: Jitter.PROPORTIONAL,
  full: Jitter.FULL,
  equal: Jitter.EQUAL,
  decorrelated: Jitter.DECORRELATED,
} as const satisfies Record<JitterName, Jitter>;

export const BACKOFF_NUMBERS = {
  exponential: Backoff.EXPONENTIAL,
  linear: Backoff.LINEAR,
  fixed: Backoff.FIXED,
  schedule: Backoff.SCHEDULE,
} as const satisfies Record<BackoffKind, Backoff>;

/** Returns the name of a number; undefined for an unspecified or unknown number. */
export function nameOfNumber<Name extends string>(
  numbers: Readonly<Record<Name, number>>,
  number: number,
): Name | undefined {
  return (Object.keys(numbers) as Name[]).find((name) => numbers[name] === number);
}

/** Encodes only the fields that are set. */
export function encodePolicy(own: PolicyOverride): RetryPolicy {
  const policy = create(RetryPolicySchema);
  if (own.preset !== undefined) policy.preset = own.preset;
  if (own.maxRetries !== undefined) policy.maxRetries = own.maxRetries;
  if (own.initialDelayMs !== undefined) policy.initialDelay = durationFromMs(own.initialDelayMs);
  if (own.maxDelayMs !== undefined) policy.maxDelay = durationFromMs(own.maxDelayMs);
  if (own.backoff !== undefined) policy.backoff = BACKOFF_NUMBERS[own.backoff];
  if (own.multiplier !== undefined) policy.multiplier = own.multiplier;
  if (own.incrementMs !== undefined) policy.increment = durationFromMs(own.incrementMs);
  if (own.scheduleMs !== undefined) policy.schedule = own.scheduleMs.map(durationFromMs);
  if (own.jitter !== undefined) policy.jitter = JITTER_NUMBERS[own.jitter];
  if (own.maxElapsedMs !== undefined) policy.maxElapsed = durationFromMs(own.maxElapsedMs);
  if (own.windows !== undefined) policy.windows = own.windows.map(encodeWindow);
  return policy;
}

function encodeWindow({ timeZone, startMinute, endMinute, days }: RetryWindow): StoredWindow {
  const window = create(RetryWindowSchema);
  window.timeZone = timeZone;
  window.startTime = formatTimeOfDay(startMinute);
  window.endTime = formatTimeOfDay(endMinute);
  window.days = [...days] as DayOfWeek[];
  return window;
}

/**
 * Decodes the parts that this version understands. Unknown values of a newer version count as
 * absent, so that the message is not lost.
 */
function decodePolicy(policy: RetryPolicy): PolicyOverride {
  const { initialDelay, maxDelay, increment, schedule, maxElapsed } = policy;
  const scheduleMs = schedule.length === 0 ? undefined : schedule.map(durationMs);
  const backoff = nameOfNumber(BACKOFF_NUMBERS, policy.backoff);
  const windows = policy.windows.flatMap((window) => decodeWindow(window) ?? []);
  return {
    preset: Object.hasOwn(PRESETS, policy.preset) ? (policy.preset as PresetName) : undefined,
    maxRetries: policy.maxRetries,
    initialDelayMs: initialDelay === undefined ? undefined : durationMs(initialDelay),
    maxDelayMs: maxDelay === undefined ? undefined : durationMs(maxDelay),
    backoff: backoff === "schedule" && scheduleMs === undefined ? undefined : backoff,
    multiplier: policy.multiplier,
    incrementMs: increment === undefined ? undefined : durationMs(increment),
    scheduleMs,
    jitter: nameOfNumber(JITTER_NUMBERS, policy.jitter),
    maxElapsedMs: maxElapsed === undefined ? undefined : durationMs(maxElapsed),
    windows: windows.length === 0 ? undefined : windows,
  };
}

function decodeWindow(window: StoredWindow): RetryWindow | undefined {
  const timeZone = window.timeZone || "UTC";
  const startMinute = parseTimeOfDay(window.startTime);
  const endMinute = parseTimeOfDay(window.endTime);
  if (startMinute === undefined || endMinute === undefined) return undefined;
  // Time zones belong to the runtime, and another runtime may have fewer.
  if (startMinute === DAY_MINUTES || endMinute === 0 || !isTimeZone(timeZone)) return undefined;
  return { timeZone, startMinute, endMinute, days: window.days };
}
