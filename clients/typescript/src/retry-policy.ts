import { create } from "@bufbuild/protobuf";
import {
  Backoff,
  DayOfWeek,
  Jitter,
  type RetryPolicy,
  RetryPolicySchema,
  type RetryWindow,
  RetryWindowSchema,
} from "../../../gen/dlq/v1/message_pb.ts";
import { duration, integer } from "./field-values.ts";
import { type OptionNames, requireKnown } from "./option-checks.ts";

/** How delays grow. */
export type BackoffName = "exponential" | "linear" | "fixed" | "schedule";
/** How delays are randomized. The server's page on retry policies defines each kind. */
export type JitterName = "none" | "proportional" | "full" | "equal" | "decorrelated";
export type DayName =
  | "monday"
  | "tuesday"
  | "wednesday"
  | "thursday"
  | "friday"
  | "saturday"
  | "sunday";

/** A part of the day in a time zone, with daylight saving time. */
export interface RetryWindowOptions {
  /** `HH:MM`, 00:00 to 23:59. */
  readonly start: string;
  /** `HH:MM`, 00:01 to 24:00. At or before `start`, it is on the next day. */
  readonly end: string;
  /** An IANA time zone, such as `Europe/Berlin`. Default: UTC. */
  readonly timeZone?: string | undefined;
  /** The days on which it begins. Default: every day. */
  readonly days?: readonly DayName[] | undefined;
}

/** When and how often a message is retried. The preset or the queue supplies the fields not set. */
export interface RetryPolicyOptions {
  /** A named policy to start from: webhook, validation, execution, network, auth, resource, standard. */
  readonly preset?: string | undefined;
  /** Failed attempts after which the message is quarantined: 0 to 1000. */
  readonly maxRetries?: number | undefined;
  /** Delay after the first failure. Not used with a schedule. */
  readonly initialDelayMs?: number | undefined;
  /** Limit of a delay, before jitter. */
  readonly maxDelayMs?: number | undefined;
  /** Default: the kind to which `multiplier`, `incrementMs` or `scheduleMs` belongs. */
  readonly backoff?: BackoffName | undefined;
  /** Exponential: factor from one delay to the next, 1 to 100. */
  readonly multiplier?: number | undefined;
  /** Linear: difference of one delay to the next. */
  readonly incrementMs?: number | undefined;
  /** Schedule: the delays in order, 1 to 100. The last one repeats. */
  readonly scheduleMs?: readonly number[] | undefined;
  readonly jitter?: JitterName | undefined;
  /** Time after the send when attempts end: at least 1 s, or 0 for no limit. */
  readonly maxElapsedMs?: number | undefined;
  /** Attempts become due only within one of these windows; at most 16. */
  readonly windows?: readonly RetryWindowOptions[] | undefined;
}

const BACKOFFS: Readonly<Record<BackoffName, Backoff>> = {
  exponential: Backoff.EXPONENTIAL,
  linear: Backoff.LINEAR,
  fixed: Backoff.FIXED,
  schedule: Backoff.SCHEDULE,
};
const JITTERS: Readonly<Record<JitterName, Jitter>> = {
  none: Jitter.NONE,
  proportional: Jitter.PROPORTIONAL,
  full: Jitter.FULL,
  equal: Jitter.EQUAL,
  decorrelated: Jitter.DECORRELATED,
};
const DAYS: Readonly<Record<DayName, DayOfWeek>> = {
  monday: DayOfWeek.MONDAY,
  tuesday: DayOfWeek.TUESDAY,
  wednesday: DayOfWeek.WEDNESDAY,
  thursday: DayOfWeek.THURSDAY,
  friday: DayOfWeek.FRIDAY,
  saturday: DayOfWeek.SATURDAY,
  sunday: DayOfWeek.SUNDAY,
};

const POLICY_OPTIONS: OptionNames<RetryPolicyOptions> = {
  preset: true,
  maxRetries: true,
  initialDelayMs: true,
  maxDelayMs: true,
  backoff: true,
  multiplier: true,
  incrementMs: true,
  scheduleMs: true,
  jitter: true,
  maxElapsedMs: true,
  windows: true,
};
const WINDOW_OPTIONS: OptionNames<RetryWindowOptions> = {
  start: true,
  end: true,
  timeZone: true,
  days: true,
};

/** @throws TypeError for an unknown option, or a value that cannot be encoded */
export function policyOf(options: RetryPolicyOptions): RetryPolicy {
  requireKnown("retryPolicy", options, POLICY_OPTIONS);
  const { preset, maxRetries, initialDelayMs, maxDelayMs, multiplier, maxElapsedMs } = options;
  const { backoff, incrementMs, scheduleMs, jitter, windows } = options;
  const policy = create(RetryPolicySchema);
  if (preset !== undefined) policy.preset = preset;
  if (maxRetries !== undefined) policy.maxRetries = integer(named("maxRetries"), maxRetries);
  if (initialDelayMs !== undefined) {
    policy.initialDelay = duration(named("initialDelayMs"), initialDelayMs);
  }
  if (maxDelayMs !== undefined) policy.maxDelay = duration(named("maxDelayMs"), maxDelayMs);
  if (backoff !== undefined) policy.backoff = oneOf(BACKOFFS, "backoff", backoff);
  if (multiplier !== undefined) policy.multiplier = multiplier;
  if (incrementMs !== undefined) policy.increment = duration(named("incrementMs"), incrementMs);
  if (scheduleMs !== undefined) {
    if (scheduleMs.length === 0)
      throw new TypeError(`${named("scheduleMs")} is empty; give a delay`);
    policy.schedule = scheduleMs.map((ms, at) => duration(named(`scheduleMs[${at}]`), ms));
  }
  if (jitter !== undefined) policy.jitter = oneOf(JITTERS, "jitter", jitter);
  if (maxElapsedMs !== undefined) policy.maxElapsed = duration(named("maxElapsedMs"), maxElapsedMs);
  if (windows !== undefined) policy.windows = windows.map(windowOf);
  return policy;
}

function windowOf(options: RetryWindowOptions, at: number): RetryWindow {
  requireKnown(`retryPolicy.windows[${at}]`, options, WINDOW_OPTIONS);
  const { start, end, timeZone = "", days = [] } = options;
  const day = (name: DayName) => oneOf(DAYS, `windows[${at}].days`, name);
  const times = { startTime: start, endTime: end };
  return create(RetryWindowSchema, { timeZone, ...times, days: days.map(day) });
}

const named = (field: string): string => `retryPolicy.${field}`;

/** Programs without types may give any name. @throws TypeError for an unknown one */
function oneOf<Name extends string, Value>(
  values: Readonly<Record<Name, Value>>,
  field: string,
  name: Name,
): Value {
  if (Object.hasOwn(values, name)) return values[name];
  throw new TypeError(`${named(field)} is ${name}; give one of ${Object.keys(values).join(", ")}`);
}
