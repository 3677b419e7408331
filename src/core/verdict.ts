import { delayBeforeRetryMs, LONGEST_DELAY_MS, plainDelayMs } from "./backoff.ts";
import { whyNonRetryable } from "./non-retryable.ts";
import { describeLevel, type MessageRetry, type RetrySettings, resolvePolicy } from "./policy.ts";
import type { QuarantineReason, Reason } from "./reason.ts";
import { RETRY_AFTER_MAX_MS, type RetryAfterFacts, retryAfterOf } from "./retry-after.ts";
import type { QueueSettings, RetryPolicy } from "./settings.ts";
import { firstAllowedAtMs } from "./windows.ts";

/** What becomes of a message now. `why` is for logs and people, never parsed. */
export type Verdict =
  /** `growsOn`: the next delay grows from this one, which must be remembered. */
  | { kind: "reschedule"; delayMs: number; growsOn?: boolean; why: string }
  | { kind: "quarantine"; quarantineReason: QuarantineReason; why: string };

export type VerdictSettings = RetrySettings &
  Pick<QueueSettings, "nonRetryableReasons" | "nonRetryableTypes">;

export const POISON_WHY = "its source_id was sent too often within the poison window";

/** What both verdicts need to know. */
interface Facts {
  reason: Reason;
  /** The failure's type as the runtime names it; empty when nobody said. */
  type?: string | undefined;
  /** What the failed call asked for: no attempt sooner, unless somebody says outright when. */
  retryAfter?: RetryAfterFacts | undefined;
  /** The source was found poisonous: too many sends of one source_id. */
  poisoned?: boolean | undefined;
  settings: VerdictSettings;
  own?: MessageRetry | undefined;
  /**
   * The wall clock: windows and HTTP dates are of this world, and servers keep its time. Due times
   * follow from the delay by the store's clock; where the two differ, windows shift by as much.
   */
  nowMs: number;
  /** Uniform in [0, 1). Undefined: as if there was no jitter. */
  random: number | undefined;
}

export interface FailedAttempt extends Facts {
  /** Failed attempts of this round, the one just reported included: at least 1. */
  attempts: number;
  /** When this round began, by the store's clock: accepted, or last brought back from quarantine. */
  roundStartedAtMs: number;
  /** The delay before this attempt, where it is known. */
  previousDelayMs?: number | undefined;
  /** The worker said that no retry can help. */
  nonRetryable?: boolean | undefined;
  /** The worker's own idea of when; replaces the backoff. */
  retryAfterMs?: number | undefined;
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
  const hopeless = hopelessFailure(failed);
  if (hopeless) return hopeless;

  const resolved = resolvePolicy(reason, settings, failed.own);
  const { policy } = resolved;
  const { maxRetries } = policy;
  if (attempts >= maxRetries) {
    const from = describeLevel(resolved.maxRetriesFrom, reason);
    return quarantine("RETRIES_EXHAUSTED", `attempt ${attempts} of ${maxRetries} failed (${from})`);
  }
  const progress = `attempt ${attempts} of ${maxRetries} failed with ${reason}`;
  const askedMs = failed.retryAfterMs;
  if (askedMs !== undefined && !Number.isNaN(askedMs)) {
    const asked = { ms: clamp(askedMs, RETRY_AFTER_MAX_MS), why: "delay asked for by the worker" };
    return within(policy, asked, failed.nowMs, failed.roundStartedAtMs, `${progress}; `);
  }
  // The failure that it was sent with was the first one, and the arrival has used its delay.
  const backoffMs = jittered(policy, attempts + 1, failed.random, failed.previousDelayMs);
  const why = `delay from ${describeLevel(resolved.policyFrom, reason)}`;
  const delay = atLeastRetryAfter({ ms: backoffMs, why }, failed);
  const verdict = within(policy, delay, failed.nowMs, failed.roundStartedAtMs, `${progress}; `);
  const growsOn = policy.jitter === "decorrelated" && verdict.kind === "reschedule";
  return growsOn ? { ...verdict, growsOn } : verdict;
}

export interface Arrival extends Facts {
  /** Explicit delay, or the due time as a delay from now; a due time in the past is 0. */
  delayMs?: number | undefined;
  /** Failed attempts before it came, in another system. */
  attempts?: number | undefined;
  /** When it failed first there, not later than now. */
  firstFailureAtMs?: number | undefined;
  /** It was set aside there, and stays so. */
  setAside?: boolean | undefined;
}

/**
 * For a send. What a producer calls poison or exhausted is set aside at once; so is what nothing
 * would retry. An explicit delay says when, not whether: it does not save a message from
 * quarantine. What was set aside elsewhere is so here, for a reason of ours where there is one.
 */
export function arrivalVerdict(arrival: Arrival): Verdict {
  const verdict = verdictOnArrival(arrival);
  return verdict.kind === "reschedule" && arrival.setAside
    ? quarantine("PRODUCER_REQUEST", "it was quarantined before it came")
    : verdict;
}

function verdictOnArrival(arrival: Arrival): Verdict {
  const { reason, settings, delayMs, nowMs, attempts = 0, firstFailureAtMs = nowMs } = arrival;
  if (reason === "POISON_MESSAGE" || reason === "MAX_RETRIES_EXCEEDED") {
    return quarantine("PRODUCER_REQUEST", `the producer sent it as ${reason}`);
  }
  const hopeless = hopelessFailure(arrival);
  if (hopeless) return hopeless;

  const resolved = resolvePolicy(reason, settings, arrival.own);
  const { policy } = resolved;
  const { maxRetries } = policy;
  if (attempts >= maxRetries) {
    const from = describeLevel(resolved.maxRetriesFrom, reason);
    const why = `attempt ${attempts} of ${maxRetries} failed before it came (${from})`;
    return quarantine(
      "RETRIES_EXHAUSTED",
      maxRetries > 0 ? why : `no retries are allowed (${from})`,
    );
  }
  if (delayMs !== undefined && !Number.isNaN(delayMs)) {
    const asked = { ms: clamp(delayMs, LONGEST_DELAY_MS), why: "delay asked for by the producer" };
    return within(policy, asked, nowMs, firstFailureAtMs);
  }
  const firstMs = jittered(policy, attempts + 1, arrival.random);
  const which = attempts > 0 ? "delay" : "first delay";
  const why = `${which} from ${describeLevel(resolved.policyFrom, reason)}`;
  return within(policy, atLeastRetryAfter({ ms: firstMs, why }, arrival), nowMs, firstFailureAtMs);
}

/** What this queue never retries, and what is poison. */
function hopelessFailure({ reason, type, poisoned, settings }: Facts): Verdict | undefined {
  const why = whyNonRetryable(reason, type ?? "", settings);
  if (why !== undefined) return quarantine("NON_RETRYABLE", why);
  return poisoned ? quarantine("POISON", POISON_WHY) : undefined;
}

interface Delay {
  ms: number;
  why: string;
}

function jittered(
  policy: RetryPolicy,
  attempt: number,
  random: number | undefined,
  previousDelayMs?: number,
): number {
  return random === undefined
    ? plainDelayMs(policy, attempt)
    : delayBeforeRetryMs(policy, attempt, random, previousDelayMs);
}

function atLeastRetryAfter(delay: Delay, { retryAfter, nowMs }: Facts): Delay {
  const leastMs = retryAfter === undefined ? undefined : retryAfterOf(retryAfter, nowMs);
  if (leastMs === undefined || leastMs <= delay.ms) return delay;
  return { ms: leastMs, why: "delay asked for by the failed call" };
}

/** A delay as the policy's windows and its longest time allow it. */
function within(
  { windows, maxElapsedMs }: RetryPolicy,
  delay: Delay,
  nowMs: number,
  roundStartedAtMs: number,
  before = "",
): Verdict {
  const openMs = firstAllowedAtMs(nowMs + delay.ms, windows) - nowMs;
  const delayMs = windows.length === 0 ? delay.ms : clamp(openMs, LONGEST_DELAY_MS);
  const elapsedMs = nowMs + delayMs - roundStartedAtMs;
  if (maxElapsedMs > 0 && elapsedMs > maxElapsedMs) {
    const late = `the next attempt would begin ${elapsedMs / 1_000} s after the message came`;
    const limit = `max_elapsed is ${maxElapsedMs / 1_000} s`;
    return quarantine("RETRIES_EXHAUSTED", `${before}${late}; ${limit}`);
  }
  const extended = delayMs > delay.ms ? ", until a window opens" : "";
  return { kind: "reschedule", delayMs, why: `${before}${delay.why}${extended}` };
}

function quarantine(quarantineReason: QuarantineReason, why: string): Verdict {
  return { kind: "quarantine", quarantineReason, why };
}

function clamp(ms: number, maxMs: number): number {
  return Math.min(Math.max(0, Math.round(ms)), maxMs);
}
