import type { RetryPolicy } from "./settings.ts";
import { DAY_MS } from "./time-units.ts";

/**
 * The longest delay of any policy: ten years. It keeps "now + delay" an exact integer and a valid
 * protobuf Timestamp.
 */
export const LONGEST_DELAY_MS = 10 * 365 * DAY_MS;

/** The range that jitter picks from, both ends included. */
export interface DelayRange {
  minMs: number;
  maxMs: number;
}

/**
 * Returns the delay before the next attempt, in whole milliseconds.
 *
 * `attempt` counts failures so far, from 1; `random` is uniform in [0, 1). The cap applies before
 * jitter: otherwise messages that failed together would all come back at the cap together.
 *
 * `previousDelayMs` is the delay before the last attempt. Only decorrelated jitter uses it; if it
 * is unknown, the delay without jitter is used.
 *
 * Never returns 0 unless the policy's delay is 0: a short delay times a small factor must not
 * become a busy loop.
 */
export function delayBeforeRetryMs(
  policy: RetryPolicy,
  attempt: number,
  random: number,
  previousDelayMs?: number,
): number {
  const { minMs, maxMs } = spread(policy, attempt, previousDelayMs);
  return whole(minMs + random * (maxMs - minMs), maxMs);
}

/** The delay without jitter. With decorrelated jitter: the middle of the range of each attempt. */
export function plainDelayMs(policy: RetryPolicy, attempt: number): number {
  const delayMs = grownMs(policy, attempt);
  return whole(delayMs, delayMs);
}

/** The shortest and the longest delay that jitter can produce. */
export function delayRangeMs(
  policy: RetryPolicy,
  attempt: number,
  previousDelayMs?: number,
): DelayRange {
  const { minMs, maxMs } = spread(policy, attempt, previousDelayMs);
  return { minMs: whole(minMs, maxMs), maxMs: whole(maxMs, maxMs) };
}

function spread(policy: RetryPolicy, attempt: number, previousDelayMs?: number): DelayRange {
  const delayMs = grownMs(policy, attempt);
  switch (policy.jitter) {
    case "none":
      return { minMs: delayMs, maxMs: delayMs };
    case "proportional":
      return { minMs: delayMs * 0.5, maxMs: delayMs * 1.5 };
    case "full":
      return { minMs: 0, maxMs: delayMs };
    case "equal":
      return { minMs: delayMs / 2, maxMs: delayMs };
    case "decorrelated": {
      const known = previousDelayMs !== undefined && !Number.isNaN(previousDelayMs);
      const beforeMs = known ? Math.max(0, previousDelayMs) : grownMs(policy, attempt - 1);
      const minMs = Math.min(atLeastZero(policy.initialDelayMs), capOf(policy));
      return { minMs, maxMs: Math.max(minMs, Math.min(3 * beforeMs, capOf(policy))) };
    }
  }
}

/** The delay before jitter. Above 0 unless the policy's delay is 0. */
function grownMs(policy: RetryPolicy, attempt: number): number {
  const { backoff } = policy;
  const initialMs = atLeastZero(policy.initialDelayMs);
  const steps = Math.max(0, attempt - 1);
  if (policy.jitter === "decorrelated") return decorrelatedMs(initialMs, capOf(policy), attempt);
  switch (backoff.kind) {
    case "exponential": {
      // Avoids 0 * Infinity, which is NaN.
      if (initialMs === 0) return 0;
      const growth = atLeastZero(backoff.multiplier) ** steps;
      return Math.max(1, Math.min(initialMs * growth, capOf(policy)));
    }
    case "linear": {
      const addedMs = steps === 0 ? 0 : atLeastZero(backoff.incrementMs) * steps;
      return Math.min(initialMs + addedMs, capOf(policy));
    }
    case "fixed":
      return Math.min(initialMs, LONGEST_DELAY_MS);
    case "schedule": {
      const at = Math.min(steps, backoff.delaysMs.length - 1);
      return Math.min(atLeastZero(backoff.delaysMs[at] ?? 0), LONGEST_DELAY_MS);
    }
  }
}

/**
 * The middle of the range of decorrelated jitter. Each range goes from the first delay to three
 * times the delay before, so the middles grow by about half each time, up to the cap. For attempt 0
 * it is the first delay.
 */
function decorrelatedMs(initialMs: number, capMs: number, attempt: number): number {
  let delayMs = Math.min(initialMs, capMs);
  if (delayMs === 0) return 0;
  for (let n = 0; n < attempt; n++) {
    // The middle no longer changes: no need to loop over a million attempts.
    if (3 * delayMs >= capMs) return (Math.min(initialMs, capMs) + capMs) / 2;
    delayMs = (initialMs + 3 * delayMs) / 2;
  }
  return delayMs;
}

function capOf(policy: RetryPolicy): number {
  return Math.min(atLeastZero(policy.maxDelayMs), LONGEST_DELAY_MS);
}

/** Rounds to whole milliseconds. Returns 0 only if `maxMs` is 0. */
function whole(ms: number, maxMs: number): number {
  return maxMs === 0 ? 0 : Math.min(Math.max(1, Math.round(ms)), LONGEST_DELAY_MS);
}

/** NaN and negative numbers count as 0. Infinity is kept; the caps bound it later. */
function atLeastZero(n: number): number {
  return Number.isNaN(n) ? 0 : Math.max(0, n);
}
