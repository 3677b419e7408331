import { delayRangeMs, plainDelayMs } from "./backoff.ts";
import type { MessageRetry } from "./policy.ts";
import type { Reason } from "./reason.ts";
import type { RetryPolicy } from "./settings.ts";
import { DAY_MS, MINUTE_MS, SECOND_MS } from "./time-units.ts";
import { failureVerdict, type VerdictSettings } from "./verdict.ts";
import { firstAllowedAtMs } from "./windows.ts";

/** One attempt of a message that fails each time. */
export interface SimulatedAttempt {
  /** From 1. */
  attempt: number;
  /** After the previous failure, without jitter. */
  delayMs: number;
  /** The shortest and the longest delay with jitter. */
  minDelayMs: number;
  maxDelayMs: number;
  /** Without jitter, windows included. */
  dueAtMs: number;
}

export interface SimulatedSchedule {
  attempts: readonly SimulatedAttempt[];
  /** More attempts would follow than are shown. */
  truncated: boolean;
}

/** The most attempts in a schedule. */
export const SIMULATED_ATTEMPTS = 100;

/**
 * Returns the attempts of a message whose first failure is at `startAtMs`, if each attempt begins
 * when it is due and fails at once.
 */
export function simulateSchedule(policy: RetryPolicy, startAtMs: number): SimulatedSchedule {
  const attempts: SimulatedAttempt[] = [];
  let failedAtMs = startAtMs;
  let longestMs: number | undefined;
  for (let attempt = 1; attempt <= policy.maxRetries; attempt++) {
    const delayMs = plainDelayMs(policy, attempt);
    const dueAtMs = firstAllowedAtMs(failedAtMs + delayMs, policy.windows);
    if (policy.maxElapsedMs > 0 && dueAtMs - startAtMs > policy.maxElapsedMs) break;
    if (attempts.length === SIMULATED_ATTEMPTS) return { attempts, truncated: true };
    // The longest decorrelated delay follows from the longest delay before.
    const range = delayRangeMs(policy, attempt, longestMs);
    attempts.push({ attempt, delayMs, minDelayMs: range.minMs, maxDelayMs: range.maxMs, dueAtMs });
    longestMs = range.maxMs;
    failedAtMs = dueAtMs;
  }
  return { attempts, truncated: false };
}

/** The facts about a stored message that its next verdict depends on. */
export interface StoredFacts {
  reason: Reason;
  /** The type of its latest failure. */
  type?: string | undefined;
  /** Failed attempts of this round so far. */
  attempts: number;
  roundStartedAtMs: number;
  poisoned?: boolean | undefined;
  own?: MessageRetry | undefined;
}

export interface SimulatedQueue {
  examinedCount: number;
  /** Messages that would be retried, by the first bound that their delay is within. */
  retried: readonly { withinMs: number; count: number }[];
  quarantinedCount: number;
}

/** The bounds of a simulation's delays. */
export const SIMULATED_BOUNDS_MS: readonly number[] = [
  SECOND_MS,
  10 * SECOND_MS,
  MINUTE_MS,
  10 * MINUTE_MS,
  60 * MINUTE_MS,
  DAY_MS,
  30 * DAY_MS,
  3_650 * DAY_MS,
];

/** Adds two partial results. */
export function addSimulated(a: SimulatedQueue, b: SimulatedQueue): SimulatedQueue {
  return {
    examinedCount: a.examinedCount + b.examinedCount,
    retried: a.retried.map(({ withinMs, count }, at) => ({
      withinMs,
      count: count + (b.retried[at]?.count ?? 0),
    })),
    quarantinedCount: a.quarantinedCount + b.quarantinedCount,
  };
}

/** Returns what would happen to messages if each failed once more now with its present reason. */
export function simulateStored(
  messages: Iterable<StoredFacts>,
  settings: VerdictSettings,
  nowMs: number,
): SimulatedQueue {
  const counts = SIMULATED_BOUNDS_MS.map(() => 0);
  let examinedCount = 0;
  let quarantinedCount = 0;
  for (const { attempts, ...facts } of messages) {
    examinedCount += 1;
    const failed = { ...facts, attempts: attempts + 1, settings, nowMs, random: undefined };
    const verdict = failureVerdict(failed);
    if (verdict.kind === "quarantine") {
      quarantinedCount += 1;
      continue;
    }
    const { delayMs } = verdict;
    const bucket = SIMULATED_BOUNDS_MS.findIndex((withinMs) => delayMs <= withinMs);
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  const retried = SIMULATED_BOUNDS_MS.map((withinMs, at) => ({ withinMs, count: counts[at] ?? 0 }));
  return { examinedCount, retried, quarantinedCount };
}
