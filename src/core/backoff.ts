import type { RetryPolicy } from "./settings.ts";

/**
 * No delay is longer, whatever a policy says: ten years. It keeps "now + delay" an exact integer
 * and a valid protobuf Timestamp.
 */
export const LONGEST_DELAY_MS = 10 * 365 * 24 * 3_600_000;

/**
 * The delay before the next try, in whole milliseconds.
 *
 * `attempt` counts failures so far, from 1; `random` is uniform in [0, 1). The cap holds before
 * jitter: jitter spreads the capped delays too, or a thousand messages that failed together would
 * come back together.
 *
 * A policy with a first delay above 0 never gives 0: a short delay times a small factor must not
 * become a busy loop.
 */
export function delayBeforeRetryMs(policy: RetryPolicy, attempt: number, random: number): number {
  const initialMs = atLeastZero(policy.initialDelayMs);
  // Also keeps 0 * Infinity (a NaN) away from the rest.
  if (initialMs === 0) return 0;
  const growth = atLeastZero(policy.multiplier) ** Math.max(0, attempt - 1);
  const cappedMs = Math.min(initialMs * growth, atLeastZero(policy.maxDelayMs), LONGEST_DELAY_MS);
  const jitteredMs = policy.jitter === "seed" ? cappedMs * (0.5 + random) : cappedMs;
  return Math.min(Math.max(1, Math.round(jitteredMs)), LONGEST_DELAY_MS);
}

/** Nonsense (NaN, negative) counts as 0; infinity stays and meets the bound later. */
function atLeastZero(n: number): number {
  return Number.isNaN(n) ? 0 : Math.max(0, n);
}
