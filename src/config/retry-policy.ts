import {
  overridePolicy,
  type PolicyOverride,
  policyContradictions,
} from "../core/policy-override.ts";
import { PRESETS, type PresetName } from "../core/presets.ts";
import { BACKOFF_KINDS, JITTERS, LIMITS, type RetryPolicy } from "../core/settings.ts";
import { type ConfigError, didYouMean } from "./config-error.ts";
import { duration, formatDuration } from "./duration.ts";
import { listOf } from "./list.ts";
import { RETRIES_MAX } from "./queue-settings.ts";
import { optional, type Setting } from "./setting.ts";
import type { Source } from "./source.ts";
import { choice, decimal, integer } from "./value-type.ts";

export const PRESET_NAMES = Object.keys(PRESETS) as readonly PresetName[];

const DAY_MS = 24 * 3_600_000;
const row = { group: "Queues" } as const;

/** Keys of `retry_policy` and of each entry of `retry_policies`. */
export const POLICY_SETTINGS = {
  preset: optional({
    ...row,
    name: "preset",
    type: choice(PRESET_NAMES),
    doc: "Named policy to start from; the other keys change it. It says nothing of max_elapsed and windows.",
    example: "webhook",
  }),
  maxRetries: optional({
    ...row,
    name: "max-retries",
    type: integer(0, RETRIES_MAX),
    doc: "Failed attempts after which the message is quarantined.",
    example: "5",
  }),
  initialDelayMs: optional({
    ...row,
    name: "initial-delay",
    type: duration({ max: 30 * DAY_MS }),
    doc: "Delay after the first failure. A schedule has its own.",
    example: "10s",
  }),
  maxDelayMs: optional({
    ...row,
    name: "max-delay",
    type: duration({ max: 30 * DAY_MS }),
    doc: "No delay grows beyond this, before jitter.",
    example: "10m",
  }),
  backoff: optional({
    ...row,
    name: "backoff",
    type: choice(BACKOFF_KINDS),
    doc: "How delays grow. Else what the keys below name: multiplier exponential, increment linear, schedule schedule.",
    example: "linear",
  }),
  multiplier: optional({
    ...row,
    name: "multiplier",
    type: decimal(1, 100),
    doc: "exponential: each further failure multiplies the delay by this, up to max_delay; 1 keeps it fixed.",
    example: "2",
  }),
  incrementMs: optional({
    ...row,
    name: "increment",
    type: duration({ max: 30 * DAY_MS }),
    doc: "linear: each further failure makes the delay longer by this, up to max_delay. Else initial_delay.",
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
    doc: "schedule: the delays one after another; the last one repeats. Without max_retries, as many retries as there are delays.",
    example: "[1s, 1m, 1h]",
  }),
  jitter: optional({
    ...row,
    name: "jitter",
    type: choice(JITTERS),
    doc: "How delays are spread: none not at all, proportional by a factor from 0.5 to 1.5, full from 0 to the delay, equal from half of it, decorrelated from initial_delay to three times the delay before, up to max_delay.",
    example: "none",
  }),
  maxElapsedMs: optional({
    ...row,
    name: "max-elapsed",
    type: duration({ min: LIMITS.maxElapsedMinMs, max: LIMITS.maxElapsedMaxMs, zero: true }),
    doc: "No attempt begins later than this after the message came, or was last brought back from quarantine; one that would is not made. 0 is no such limit.",
    example: "12h",
  }),
} as const satisfies Record<Exclude<keyof PolicyOverride, "windows">, Setting>;

/** A policy as somebody wrote it: only what was named. */
export interface PolicyDraft extends PolicyOverride {
  /** For errors: the key's full path and place. */
  readonly label: string;
  readonly source: Source;
}

/**
 * Fills in what the draft leaves out: from its preset if it names one, else from `base`, the
 * policy that would be in force without the draft. So an entry changes what it names, no more.
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
  if (heedsMaxDelay(policy) && maxDelayMs < policy.initialDelayMs) {
    const max = formatDuration(maxDelayMs);
    const inherited = own.maxDelayMs === undefined || own.initialDelayMs === undefined;
    errors.push({
      setting: label,
      source,
      problem: `max_delay (${max}) is shorter than initial_delay (${formatDuration(policy.initialDelayMs)})`,
      ...didYouMean(undefined, inherited ? "set both, since one of them is inherited" : undefined),
    });
  }
  return Object.freeze(policy);
}

function heedsMaxDelay({ backoff, jitter }: RetryPolicy): boolean {
  return backoff.kind === "exponential" || backoff.kind === "linear" || jitter === "decorrelated";
}
