import type { Reason } from "./reason.ts";
import type { RetryPolicy } from "./settings.ts";

/** A named retry policy for one kind of failure. */
export type PresetName =
  | "webhook"
  | "validation"
  | "execution"
  | "network"
  | "auth"
  | "resource"
  | "standard";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

function preset(
  maxRetries: number,
  initialDelayMs: number,
  maxDelayMs: number,
  multiplier: number,
): RetryPolicy {
  return Object.freeze({
    maxRetries,
    initialDelayMs,
    maxDelayMs,
    backoff: Object.freeze({ kind: "exponential", multiplier }),
    jitter: "proportional",
    maxElapsedMs: 0,
    windows: Object.freeze([]),
  });
}

export const PRESETS: Readonly<Record<PresetName, Readonly<RetryPolicy>>> = Object.freeze({
  /** Another party's endpoint: wait half a minute, then back off. */
  webhook: preset(3, 30 * SECOND, 5 * MINUTE, 2),
  /** The input is wrong: one retry, in case the validator was wrong. */
  validation: preset(1, MINUTE, MINUTE, 1),
  /** Our code failed: the retries are spread wide enough for a deployment in between. */
  execution: preset(5, MINUTE, 30 * MINUTE, 3),
  /** A short fault: the next attempt usually works. */
  network: preset(3, 5 * SECOND, MINUTE, 2),
  /** Credentials work again only after somebody, or a rotation, replaces them. */
  auth: preset(2, 5 * MINUTE, 60 * MINUTE, 2),
  /** A quota or a full pool: wait until there is room. */
  resource: preset(5, 30 * SECOND, 15 * MINUTE, 2),
  standard: preset(3, MINUTE, 60 * MINUTE, 2),
});

/**
 * The preset of a reason if no setting overrides it. POISON_MESSAGE and MAX_RETRIES_EXCEEDED are
 * quarantined on arrival, so theirs applies only after an operator's Retry.
 */
export const PRESET_OF_REASON = {
  VALIDATION_FAILED: "validation",
  EXECUTION_FAILED: "execution",
  TIMEOUT: "network",
  RESOURCE_EXHAUSTED: "resource",
  PLUGIN_ERROR: "execution",
  WEBHOOK_FAILED: "webhook",
  MAX_RETRIES_EXCEEDED: "standard",
  POISON_MESSAGE: "standard",
  NETWORK_ERROR: "network",
  AUTHENTICATION_ERROR: "auth",
  UNKNOWN_ERROR: "standard",
} as const satisfies Record<Reason, PresetName>;

/** The policy of a reason's preset. */
export function presetOf(reason: Reason): Readonly<RetryPolicy> {
  return PRESETS[PRESET_OF_REASON[reason]];
}
