import { delayBeforeRetryMs, LONGEST_DELAY_MS } from "./backoff.ts";
import { describeLevel, type MessageRetry, type RetrySettings, resolvePolicy } from "./policy.ts";
import type { QuarantineReason, Reason } from "./reason.ts";
import type { QueueSettings } from "./settings.ts";

/** What becomes of a message now. `why` is for logs and people, never parsed. */
export type Verdict =
  | { kind: "reschedule"; delayMs: number; why: string }
  | { kind: "quarantine"; quarantineReason: QuarantineReason; why: string };

export type VerdictSettings = RetrySettings & Pick<QueueSettings, "nonRetryableReasons">;

export const POISON_WHY = "its source_id was sent too often within the poison window";

/** A worker may ask for any wait up to this; more is cut. */
export const RETRY_AFTER_MAX_MS = 30 * 24 * 3_600_000;

export interface FailedAttempt {
  /** Failed attempts of this round, the one just reported included: at least 1. */
  attempts: number;
  reason: Reason;
  /** The worker said that no retry can help. */
  nonRetryable?: boolean | undefined;
  /** The source was found poisonous: too many sends of one source_id. */
  poisoned?: boolean | undefined;
  /** The worker's own idea of when; replaces the backoff. */
  retryAfterMs?: number | undefined;
  settings: VerdictSettings;
  own?: MessageRetry | undefined;
  /** Uniform in [0, 1). */
  random: number;
}

/**
 * After a failed attempt. The order is a promise: non-retryable, poison, exhausted, else
 * reschedule. The latest failure's reason picks the policy; attempts count over all reasons.
 */
export function failureVerdict(failed: FailedAttempt): Verdict {
  const { attempts, reason, settings } = failed;
  if (failed.nonRetryable) {
    return quarantine("NON_RETRYABLE", "the worker called the failure non-retryable");
  }
  const hopeless = hopelessReason(reason, settings) ?? poison(failed.poisoned);
  if (hopeless) return hopeless;

  const resolved = resolvePolicy(reason, settings, failed.own);
  const { maxRetries } = resolved.policy;
  if (attempts >= maxRetries) {
    const from = describeLevel(resolved.maxRetriesFrom, reason);
    return quarantine("RETRIES_EXHAUSTED", `attempt ${attempts} of ${maxRetries} failed (${from})`);
  }
  const progress = `attempt ${attempts} of ${maxRetries} failed with ${reason}`;
  const askedMs = failed.retryAfterMs;
  if (askedMs !== undefined && !Number.isNaN(askedMs)) {
    const delayMs = clamp(askedMs, RETRY_AFTER_MAX_MS);
    return reschedule(delayMs, `${progress}; delay asked for by the worker`);
  }
  // The failure that it was sent with was the first one, and the arrival has used its delay.
  const delayMs = delayBeforeRetryMs(resolved.policy, attempts + 1, failed.random);
  return reschedule(
    delayMs,
    `${progress}; delay from ${describeLevel(resolved.policyFrom, reason)}`,
  );
}

export interface Arrival {
  reason: Reason;
  /** Explicit delay, or the due time as a delay from now; a due time in the past is 0. */
  delayMs?: number | undefined;
  poisoned?: boolean | undefined;
  settings: VerdictSettings;
  own?: MessageRetry | undefined;
  /** Uniform in [0, 1). */
  random: number;
}

/**
 * For a send. What a producer calls poison or exhausted is set aside at once; so is what nothing
 * would retry. An explicit delay says when, not whether: it does not save a message from
 * quarantine.
 */
export function arrivalVerdict(arrival: Arrival): Verdict {
  const { reason, settings, delayMs } = arrival;
  if (reason === "POISON_MESSAGE" || reason === "MAX_RETRIES_EXCEEDED") {
    return quarantine("PRODUCER_REQUEST", `the producer sent it as ${reason}`);
  }
  const hopeless = hopelessReason(reason, settings) ?? poison(arrival.poisoned);
  if (hopeless) return hopeless;

  const resolved = resolvePolicy(reason, settings, arrival.own);
  if (resolved.policy.maxRetries <= 0) {
    const from = describeLevel(resolved.maxRetriesFrom, reason);
    return quarantine("RETRIES_EXHAUSTED", `no retries are allowed (${from})`);
  }
  if (delayMs !== undefined && !Number.isNaN(delayMs)) {
    return reschedule(clamp(delayMs, LONGEST_DELAY_MS), "delay asked for by the producer");
  }
  const firstMs = delayBeforeRetryMs(resolved.policy, 1, arrival.random);
  return reschedule(firstMs, `first delay from ${describeLevel(resolved.policyFrom, reason)}`);
}

/** A reason that this queue never retries. */
function hopelessReason(reason: Reason, settings: VerdictSettings): Verdict | undefined {
  if (!settings.nonRetryableReasons.includes(reason)) return undefined;
  return quarantine("NON_RETRYABLE", `the queue does not retry ${reason}`);
}

function poison(poisoned: boolean | undefined): Verdict | undefined {
  if (!poisoned) return undefined;
  return quarantine("POISON", POISON_WHY);
}

function quarantine(quarantineReason: QuarantineReason, why: string): Verdict {
  return { kind: "quarantine", quarantineReason, why };
}

function reschedule(delayMs: number, why: string): Verdict {
  return { kind: "reschedule", delayMs, why };
}

function clamp(ms: number, maxMs: number): number {
  return Math.min(Math.max(0, Math.round(ms)), maxMs);
}
