import { delayBeforeRetryMs, LONGEST_DELAY_MS, plainDelayMs } from "./backoff.ts";
import { describeLevel, type MessageRetry, type RetrySettings, resolvePolicy } from "./policy.ts";
import type { QuarantineReason, Reason } from "./reason.ts";
import { RETRY_AFTER_MAX_MS, type RetryAfterFacts, retryAfterOf } from "./retry-after.ts";
import type { QueueSettings, RetryPolicy } from "./settings.ts";
import { firstAllowedAtMs } from "./windows.ts";

/** What happens to a message next. `why` is for logs and people and is never parsed. */
export type Verdict =
  /** `growsOn`: the next delay grows from this one, so it must be stored. */
  | { kind: "reschedule"; delayMs: number; growsOn?: boolean; why: string }
  | { kind: "quarantine"; quarantineReason: QuarantineReason; why: string };

export type VerdictSettings = RetrySettings &
  Pick<QueueSettings, "nonRetryableReasons" | "nonRetryableTypes">;

export const POISON_WHY = "its source_id was sent too often within the poison window";

/** Input of both verdicts. */
interface Facts {
  reason: Reason;
  /** The failure's type; empty if unknown. */
  type?: string | undefined;
  /**
   * A lower bound for the delay that the failed call asked for. An explicit delay overrides it.
   */
  retryAfter?: RetryAfterFacts | undefined;
  /** Too many sends of its source_id. */
  poisoned?: boolean | undefined;
  settings: VerdictSettings;
  own?: MessageRetry | undefined;
  /**
   * The wall clock, which windows and HTTP dates refer to. Due times follow from the delay by the
   * store's clock; if the clocks differ, windows shift by the difference.
   */
  nowMs: number;
  /** Uniform in [0, 1). Undefined: no jitter. */
  random: number | undefined;
}

export interface FailedAttempt extends Facts {
  /** Failed attempts of this round, including this one: at least 1. */
  attempts: number;
  /**
   * When this round began, by the store's clock: when the message was accepted, or last left
   * quarantine.
   */
  roundStartedAtMs: number;
  /** The delay before this attempt, if known. */
  previousDelayMs?: number | undefined;
  /** The worker reported that no retry can help. */
  nonRetryable?: boolean | undefined;
  /** The worker's delay; replaces the backoff. */
  retryAfterMs?: number | undefined;
}

/**
 * Decides after a failed attempt. The order is part of the contract: non-retryable, poison,
 * exhausted, otherwise reschedule. The latest failure's reason picks the policy; attempts count
 * over all reasons.
 */
export function failureVerdict(failed: FailedAttempt): Verdict {
  const { attempts, reason, settings } = failed;
  if (failed.nonRetryable) {
    return quarantine("NON_RETRYABLE", "the worker reported it as non-retryable");
  }
  const final = finalFailure(failed);
  if (final) return final;

  const resolved = resolvePolicy(reason, settings, failed.own);
  const { policy } = resolved;
  const { maxRetries } = policy;
  if (attempts >= maxRetries) {
    const from = describeLevel(resolved.maxRetriesFrom, reason);
    return quarantine("RETRIES_EXHAUSTED", `attempt ${attempts} of ${maxRetries} failed (${from})`);
  }
  const progress = `attempt ${attempts} of ${maxRetries} failed`;
  const { retryAfterMs } = failed;
  if (retryAfterMs !== undefined && !Number.isNaN(retryAfterMs)) {
    const delay = { ms: clamp(retryAfterMs, RETRY_AFTER_MAX_MS), why: "delay set by the worker" };
    return within(policy, delay, failed.nowMs, failed.roundStartedAtMs, `${progress}; `);
  }
  // Failure 1 came with the send and has used the first delay.
  const backoffMs = jittered(policy, attempts + 1, failed.random, failed.previousDelayMs);
  const why = `delay from ${describeLevel(resolved.policyFrom, reason)}`;
  const delay = atLeastRetryAfter({ ms: backoffMs, why }, failed);
  const verdict = within(policy, delay, failed.nowMs, failed.roundStartedAtMs, `${progress}; `);
  const growsOn = policy.jitter === "decorrelated" && verdict.kind === "reschedule";
  return growsOn ? { ...verdict, growsOn } : verdict;
}

export interface Arrival extends Facts {
  /** The explicit delay, or the due time as a delay from now; 0 if that is in the past. */
  delayMs?: number | undefined;
  /** Imported history: failed attempts in another system. */
  attempts?: number | undefined;
  /** Imported history: time of the first failure, not later than now. */
  firstFailureAtMs?: number | undefined;
  /** Imported history: it was in quarantine, and stays there. */
  wasQuarantined?: boolean | undefined;
}

/**
 * Decides on arrival. POISON_MESSAGE and MAX_RETRIES_EXCEEDED are quarantined at once, as is a
 * message without a retry. An explicit delay does not prevent quarantine. A message that another
 * system quarantined stays in quarantine, with our reason if there is one.
 */
export function arrivalVerdict(arrival: Arrival): Verdict {
  const verdict = verdictOnArrival(arrival);
  return verdict.kind === "reschedule" && arrival.wasQuarantined
    ? quarantine("PRODUCER_REQUEST", "it was in quarantine in the system it came from")
    : verdict;
}

function verdictOnArrival(arrival: Arrival): Verdict {
  const { reason, settings, delayMs, nowMs, attempts = 0, firstFailureAtMs = nowMs } = arrival;
  if (reason === "POISON_MESSAGE" || reason === "MAX_RETRIES_EXCEEDED") {
    return quarantine("PRODUCER_REQUEST", `the producer sent it as ${reason}`);
  }
  const final = finalFailure(arrival);
  if (final) return final;

  const resolved = resolvePolicy(reason, settings, arrival.own);
  const { policy } = resolved;
  const { maxRetries } = policy;
  if (attempts >= maxRetries) {
    const from = describeLevel(resolved.maxRetriesFrom, reason);
    const why = `attempt ${attempts} of ${maxRetries} failed in the system it came from (${from})`;
    return quarantine(
      "RETRIES_EXHAUSTED",
      maxRetries > 0 ? why : `no retries are allowed (${from})`,
    );
  }
  if (delayMs !== undefined && !Number.isNaN(delayMs)) {
    const delay = { ms: clamp(delayMs, LONGEST_DELAY_MS), why: "delay set by the producer" };
    return within(policy, delay, nowMs, firstFailureAtMs);
  }
  const firstMs = jittered(policy, attempts + 1, arrival.random);
  const which = attempts > 0 ? "delay" : "first delay";
  const why = `${which} from ${describeLevel(resolved.policyFrom, reason)}`;
  return within(policy, atLeastRetryAfter({ ms: firstMs, why }, arrival), nowMs, firstFailureAtMs);
}

/** The verdict on failures that the queue never retries, and on poison. */
function finalFailure({ reason, type, poisoned, settings }: Facts): Verdict | undefined {
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
  return { ms: leastMs, why: "delay set by the failed call" };
}

/** Applies the policy's windows and its longest elapsed time to a delay. */
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
    const late = `the next attempt would begin ${elapsedMs / 1_000} s after the message arrived`;
    const limit = `max_elapsed is ${maxElapsedMs / 1_000} s`;
    return quarantine("RETRIES_EXHAUSTED", `${before}${late}; ${limit}`);
  }
  const extended = delayMs > delay.ms ? ", extended to the next window" : "";
  return { kind: "reschedule", delayMs, why: `${before}${delay.why}${extended}` };
}

function quarantine(quarantineReason: QuarantineReason, why: string): Verdict {
  return { kind: "quarantine", quarantineReason, why };
}

function clamp(ms: number, maxMs: number): number {
  return Math.min(Math.max(0, Math.round(ms)), maxMs);
}

export type NonRetryable = Pick<QueueSettings, "nonRetryableReasons" | "nonRetryableTypes">;

/** Returns why the queue never retries such a failure; undefined if it does. */
export function whyNonRetryable(
  reason: Reason,
  type: string,
  settings: NonRetryable,
): string | undefined {
  if (settings.nonRetryableReasons.includes(reason)) return `the queue does not retry ${reason}`;
  const { nonRetryableTypes } = settings;
  if (type === "" || nonRetryableTypes.length === 0) return undefined;
  const bare = withoutCode(type);
  const names = [type, bare, lastPart(bare)];
  const named = nonRetryableTypes.find((name) => names.includes(name));
  return named === undefined ? undefined : `the queue does not retry failures of type ${named}`;
}

/** Removes the code that the TypeScript client appends: `OrderGone [ECONNREFUSED]`. */
function withoutCode(type: string): string {
  const code = type.endsWith("]") ? type.lastIndexOf(" [") : -1;
  return code > 0 ? type.slice(0, code) : type;
}

/**
 * The bare name in `requests.exceptions.Timeout`, `*net.OpError`, `serde_json::Error`,
 * `Outer$Inner`, `Foo\Bar` and `Problem<T>`.
 */
function lastPart(type: string): string {
  const generic = type.indexOf("<", 1);
  const name = generic > 0 ? type.slice(0, generic) : type;
  return name.slice(Math.max(...SEPARATORS.map((separator) => name.lastIndexOf(separator))) + 1);
}

const SEPARATORS = [".", ":", "$", "/", "\\", "*"];
