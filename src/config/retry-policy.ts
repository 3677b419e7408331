import { PRESETS, type PresetName } from "../core/presets.ts";
import type { RetryPolicy } from "../core/settings.ts";
import { type ConfigError, didYouMean } from "./config-error.ts";
import { duration, formatDuration } from "./duration.ts";
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
    doc: "Named policy to start from; the other keys change it.",
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
    doc: "Delay after the first failure.",
    example: "10s",
  }),
  maxDelayMs: optional({
    ...row,
    name: "max-delay",
    type: duration({ max: 30 * DAY_MS }),
    doc: "No delay is longer, before jitter.",
    example: "10m",
  }),
  multiplier: optional({
    ...row,
    name: "multiplier",
    type: decimal(1, 100),
    doc: "Each further failure multiplies the delay by this; 1 keeps it fixed.",
    example: "2",
  }),
  jitter: optional({
    ...row,
    name: "jitter",
    type: choice(["none", "seed"]),
    doc: "seed multiplies each delay by a random factor from 0.5 to 1.5; none leaves it alone.",
    example: "none",
  }),
} as const satisfies Record<keyof RetryPolicy | "preset", Setting>;

/** A policy as somebody wrote it: only what was named. */
export interface PolicyDraft extends Partial<RetryPolicy> {
  readonly preset?: PresetName;
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
  const start = draft.preset === undefined ? base : PRESETS[draft.preset];
  const policy: RetryPolicy = {
    maxRetries: draft.maxRetries ?? start.maxRetries,
    initialDelayMs: draft.initialDelayMs ?? start.initialDelayMs,
    maxDelayMs: draft.maxDelayMs ?? start.maxDelayMs,
    multiplier: draft.multiplier ?? start.multiplier,
    jitter: draft.jitter ?? start.jitter,
  };
  if (policy.maxDelayMs < policy.initialDelayMs) {
    const max = formatDuration(policy.maxDelayMs);
    const inherited = draft.maxDelayMs === undefined || draft.initialDelayMs === undefined;
    errors.push({
      setting: draft.label,
      source: draft.source,
      problem: `max_delay (${max}) is shorter than initial_delay (${formatDuration(policy.initialDelayMs)})`,
      ...didYouMean(undefined, inherited ? "set both, since one of them is inherited" : undefined),
    });
  }
  return Object.freeze(policy);
}
