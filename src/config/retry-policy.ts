import {
  overridePolicy,
  type PolicyOverride,
  policyContradictions,
} from "../core/policy-override.ts";
import { PRESETS, type PresetName } from "../core/presets.ts";
import { BACKOFF_KINDS, JITTERS, LIMITS, type RetryPolicy } from "../core/settings.ts";
import { DAY_MS } from "../core/time-units.ts";
import type { ConfigError } from "./config-error.ts";
import { duration, formatDuration } from "./duration.ts";
import { listOf } from "./list.ts";
import { RETRIES_MAX } from "./queue-settings.ts";
import { optional, type Setting } from "./setting.ts";
import type { Source } from "./source.ts";
import { choice, decimal, integer } from "./value-type.ts";

export const PRESET_NAMES = Object.keys(PRESETS) as readonly PresetName[];

const row = { group: "Queues" } as const;

/** Keys of `retry_policy` and of each entry of `retry_policies`. */
export const POLICY_SETTINGS = {
  preset: optional({
    ...row,
    name: "preset",
    type: choice(PRESET_NAMES),
    doc: "Named policy to start from; the other keys change it. It does not set max_elapsed and windows.",
    example: "webhook",
  }),
  maxRetries: optional({
    ...row,
    name: "max-retries",
    type: integer(0, RETRIES_MAX),
    doc: "Failed attempts after which the message is quarantined. 0: no retries.",
    example: "5",
  }),
  initialDelayMs: optional({
    ...row,
    name: "initial-delay",
    type: duration({ max: 30 * DAY_MS }),
    doc: "Delay after the first failure. A schedule has its own delays.",
    example: "10s",
  }),
  maxDelayMs: optional({
    ...row,
    name: "max-delay",
    type: duration({ max: 30 * DAY_MS }),
    doc: "Longest delay, before jitter.",
    example: "10m",
  }),
  backoff: optional({
    ...row,
    name: "backoff",
    type: choice(BACKOFF_KINDS),
    doc: "How delays grow. Without it, multiplier means exponential, increment linear and schedule schedule.",
    example: "linear",
  }),
  multiplier: optional({
    ...row,
    name: "multiplier",
    type: decimal(1, 100),
    doc: "exponential: each further failure multiplies the delay by this, up to max_delay. 1: fixed delays.",
    example: "2",
  }),
  incrementMs: optional({
    ...row,
    name: "increment",
    type: duration({ max: 30 * DAY_MS }),
    doc: "linear: each further failure adds this to the delay, up to max_delay. Default: initial_delay.",
    example: "30s",
  }),
  scheduleMs: optional({
    ...row,
    name: "schedule",
    type: listOf(duration({ max: 30 * DAY_MS }), {
      placeholder: "DURATION,…",
      allowed: `1 to ${LIMITS.scheduleDelays} durations from 0 to 30d`,
      min: 1,
      max: LIMITS.scheduleDelays,
      repeats: true,
    }),
    doc: "schedule: the delays in order; the last one repeats. Without max_retries there are as many retries as delays.",
    example: "[1s, 1m, 1h]",
  }),
  jitter: optional({
    ...row,
    name: "jitter",
    type: choice(JITTERS),
    doc: "How delays are spread. none: not at all. proportional: times 0.5 to 1.5. full: from 0 to the delay. equal: from half the delay to the delay. decorrelated: from initial_delay to three times the previous delay, up to max_delay.",
    example: "none",
  }),
  maxElapsedMs: optional({
    ...row,
    name: "max-elapsed",
    type: duration({ min: LIMITS.maxElapsedMinMs, max: LIMITS.maxElapsedMaxMs, zero: true }),
    doc: "Latest start of an attempt, counted from the message's arrival or its last return from quarantine. A message whose next attempt would start later is quarantined. 0: no limit.",
    example: "12h",
  }),
} as const satisfies Record<Exclude<keyof PolicyOverride, "windows">, Setting>;

/** A partial policy as written. */
export interface PolicyDraft extends PolicyOverride {
  /** For errors: the key's full path and source. */
  readonly label: string;
  readonly source: Source;
}

/**
 * Completes a draft: from its preset if it has one, otherwise from `base`, the policy in force
 * without the draft. So an entry changes only the keys that it has.
 */
export function completePolicy(
  draft: PolicyDraft,
  base: RetryPolicy,
  errors: ConfigError[],
): RetryPolicy {
  const { label, source, ...own } = draft;
  for (const { field, problem } of policyContradictions(own)) {
    errors.push({ setting: `${label}.${field}`, source, problem });
  }
  const policy = overridePolicy(base, own);
  const start = own.preset === undefined ? base : PRESETS[own.preset];
  const maxDelayMs = own.maxDelayMs ?? start.maxDelayMs;
  if (usesMaxDelay(policy) && maxDelayMs < policy.initialDelayMs) {
    const max = formatDuration(maxDelayMs);
    const inherited = own.maxDelayMs === undefined || own.initialDelayMs === undefined;
    errors.push({
      setting: label,
      source,
      problem: `max_delay (${max}) is shorter than initial_delay (${formatDuration(policy.initialDelayMs)})`,
      ...(inherited && { hint: "set both, since one of them is inherited" }),
    });
  }
  return Object.freeze(policy);
}

function usesMaxDelay({ backoff, jitter }: RetryPolicy): boolean {
  return backoff.kind === "exponential" || backoff.kind === "linear" || jitter === "decorrelated";
}
