import { describe, expect, it, test } from "vitest";
import type { QuarantineReason } from "../../src/core/reason.ts";
import { RETRY_AFTER_MAX_MS } from "../../src/core/retry-after.ts";
import {
  type Arrival,
  arrivalVerdict,
  type FailedAttempt,
  failureVerdict,
  type VerdictSettings,
} from "../../src/core/verdict.ts";
import type { RetryWindow } from "../../src/core/windows.ts";

const settings: VerdictSettings = {
  retryPolicies: {},
  nonRetryableReasons: [],
  nonRetryableTypes: [],
};
const refusesTimeouts: VerdictSettings = { ...settings, nonRetryableReasons: ["TIMEOUT"] };

/** Noon of a Wednesday in UTC. */
const NOW_MS = Date.UTC(2026, 0, 7, 12);
const HOUR_MS = 3_600_000;
const morning: RetryWindow = { timeZone: "UTC", startMinute: 480, endMinute: 540, days: [] };
const UNTIL_MORNING_MS = 20 * HOUR_MS;

function failed(changes: Partial<FailedAttempt>): FailedAttempt {
  const base = { reason: "TIMEOUT", settings, random: 0.5, nowMs: NOW_MS } as const;
  return { ...base, attempts: 1, roundStartedAtMs: NOW_MS, ...changes };
}

const refusesTypes: VerdictSettings = { ...settings, nonRetryableTypes: ["OrderGone"] };

function arrival(changes: Partial<Arrival>): Arrival {
  return { reason: "TIMEOUT", settings, random: 0.5, nowMs: NOW_MS, ...changes };
}

describe("after a failed attempt", () => {
  test.each<[string, Partial<FailedAttempt>, QuarantineReason]>([
    [
      "non-retryable comes before poison and exhausted",
      { nonRetryable: true, poisoned: true, attempts: 99 },
      "NON_RETRYABLE",
    ],
    [
      "so does a reason that the queue does not retry",
      { settings: refusesTimeouts, poisoned: true, attempts: 99 },
      "NON_RETRYABLE",
    ],
    ["poison comes before exhausted", { poisoned: true, attempts: 99 }, "POISON"],
    ["the last allowed attempt exhausts", { attempts: 3 }, "RETRIES_EXHAUSTED"],
    ["a lowered limit exhausts at once", { attempts: 99 }, "RETRIES_EXHAUSTED"],
    [
      "no wish of the worker outlives the limit",
      { attempts: 3, retryAfterMs: 10 },
      "RETRIES_EXHAUSTED",
    ],
    ["no retries at all", { own: { maxRetries: 0 } }, "RETRIES_EXHAUSTED"],
    [
      "an attempt that would begin too late",
      { own: { policy: { maxElapsedMs: 9_999 } } },
      "RETRIES_EXHAUSTED",
    ],
    [
      "the time since the round began",
      { roundStartedAtMs: NOW_MS - 60_000, own: { policy: { maxElapsedMs: 69_999 } } },
      "RETRIES_EXHAUSTED",
    ],
    [
      "no wish of the worker outlives that",
      { retryAfterMs: 60_000, own: { policy: { maxElapsedMs: 30_000 } } },
      "RETRIES_EXHAUSTED",
    ],
    [
      "nor one of the failed call",
      { retryAfter: { retryAfterMs: 60_000 }, own: { policy: { maxElapsedMs: 30_000 } } },
      "RETRIES_EXHAUSTED",
    ],
    [
      "a window that opens too late",
      { own: { policy: { windows: [morning], maxElapsedMs: UNTIL_MORNING_MS - 1 } } },
      "RETRIES_EXHAUSTED",
    ],
    [
      "a type that the queue does not retry, before poison",
      { settings: refusesTypes, type: "shop.OrderGone", poisoned: true },
      "NON_RETRYABLE",
    ],
  ])("%s", (_name, changes, quarantineReason) => {
    expect(failureVerdict(failed(changes))).toMatchObject({ kind: "quarantine", quarantineReason });
  });

  test.each<[string, Partial<FailedAttempt>, number]>([
    ["the first failed attempt waits the second delay", {}, 10_000],
    ["the second waits longer", { attempts: 2 }, 20_000],
    ["the latest reason picks the delay", { attempts: 2, reason: "WEBHOOK_FAILED" }, 120_000],
    ["jitter comes from the random number", { random: 0 }, 5000],
    [
      "another reason may be non-retryable",
      { settings: refusesTimeouts, reason: "NETWORK_ERROR" },
      10_000,
    ],
    ["an own limit gives more tries", { attempts: 5, own: { maxRetries: 6 } }, 60_000],
    ["the worker's wish replaces the backoff", { retryAfterMs: 42, attempts: 2 }, 42],
    ["the worker may ask for now", { retryAfterMs: 0 }, 0],
    ["30 days is the longest wish", { retryAfterMs: Number.MAX_VALUE }, RETRY_AFTER_MAX_MS],
    ["a negative wish is now", { retryAfterMs: -1 }, 0],
    ["NaN is no wish", { retryAfterMs: Number.NaN }, 10_000],
    ["the failed call's wish is the least", { retryAfter: { retryAfterMs: 42_000 } }, 42_000],
    ["a shorter one changes nothing", { retryAfter: { retryAfterMs: 42 } }, 10_000],
    ["an attribute says it, too", { retryAfter: { retryAfterText: "42" } }, 42_000],
    [
      "the failure's own field beats its attribute",
      { retryAfter: { retryAfterMs: 42_000, retryAfterText: "99" } },
      42_000,
    ],
    [
      "the worker's wish beats that of the failed call",
      { retryAfterMs: 7, retryAfter: { retryAfterMs: 42_000 } },
      7,
    ],
    [
      "30 days are the most of it",
      { retryAfter: { retryAfterText: "9".repeat(400) } },
      RETRY_AFTER_MAX_MS,
    ],
    ["a window is waited for", { own: { policy: { windows: [morning] } } }, UNTIL_MORNING_MS],
    [
      "also by the worker's wish",
      { retryAfterMs: 0, own: { policy: { windows: [morning] } } },
      UNTIL_MORNING_MS,
    ],
    [
      "within a window the delay stays",
      { nowMs: NOW_MS + UNTIL_MORNING_MS, own: { policy: { windows: [morning] } } },
      10_000,
    ],
    [
      "an attempt may begin with the last moment",
      { own: { policy: { maxElapsedMs: 10_000 } } },
      10_000,
    ],
    [
      "decorrelated jitter follows the delay before",
      {
        previousDelayMs: 9_000,
        random: 1 - Number.EPSILON,
        own: { policy: { jitter: "decorrelated" } },
      },
      27_000,
    ],
    [
      "without a random number there is no jitter",
      { random: undefined, own: { policy: { jitter: "full" } } },
      10_000,
    ],
  ])("%s", (_name, changes, delayMs) => {
    expect(failureVerdict(failed(changes))).toMatchObject({ kind: "reschedule", delayMs });
  });

  it("explains the decision with its level", () => {
    expect(failureVerdict(failed({ attempts: 2 })).why).toBe(
      "attempt 2 of 3 failed; delay from preset network",
    );
    expect(
      failureVerdict(failed({ attempts: 3, settings: { ...settings, maxRetries: 3 } })).why,
    ).toBe("attempt 3 of 3 failed (queue)");
    expect(failureVerdict(failed({ own: { policy: { maxElapsedMs: 1_000 } } })).why).toBe(
      "attempt 1 of 3 failed; the next attempt would begin 10 s after the message arrived; max_elapsed is 1 s",
    );
    expect(failureVerdict(failed({ own: { policy: { windows: [morning] } } })).why).toBe(
      "attempt 1 of 3 failed; delay from message_policy, extended to the next window",
    );
  });
});

describe("on arrival", () => {
  test.each<[string, Partial<Arrival>, QuarantineReason]>([
    ["a producer's poison", { reason: "POISON_MESSAGE" }, "PRODUCER_REQUEST"],
    ["a producer's exhausted message", { reason: "MAX_RETRIES_EXCEEDED" }, "PRODUCER_REQUEST"],
    ["a reason that the queue does not retry", { settings: refusesTimeouts }, "NON_RETRYABLE"],
    ["the same before poison", { settings: refusesTimeouts, poisoned: true }, "NON_RETRYABLE"],
    ["a poisonous source", { poisoned: true, own: { maxRetries: 0 } }, "POISON"],
    ["no retries allowed", { own: { maxRetries: 0 } }, "RETRIES_EXHAUSTED"],
    [
      "a type that the queue does not retry",
      { settings: refusesTypes, type: "OrderGone" },
      "NON_RETRYABLE",
    ],
    [
      "a first attempt that would be too late",
      { delayMs: 2_000, own: { policy: { maxElapsedMs: 1_999 } } },
      "RETRIES_EXHAUSTED",
    ],
    ["as many attempts elsewhere as it may have", { attempts: 3 }, "RETRIES_EXHAUSTED"],
    [
      "a first attempt here that would be too late for its first failure",
      {
        delayMs: 1_000,
        firstFailureAtMs: NOW_MS - HOUR_MS,
        own: { policy: { maxElapsedMs: HOUR_MS } },
      },
      "RETRIES_EXHAUSTED",
    ],
    ["what was set aside elsewhere", { wasQuarantined: true, delayMs: 5 }, "PRODUCER_REQUEST"],
    ["the same, for a reason of ours", { wasQuarantined: true, attempts: 3 }, "RETRIES_EXHAUSTED"],
    [
      "an explicit delay saves nothing",
      { reason: "POISON_MESSAGE", delayMs: 5 },
      "PRODUCER_REQUEST",
    ],
  ])("quarantines %s", (_name, changes, quarantineReason) => {
    expect(arrivalVerdict(arrival(changes))).toMatchObject({
      kind: "quarantine",
      quarantineReason,
    });
  });

  test.each<[string, Partial<Arrival>, number]>([
    ["the first backoff of its reason", {}, 5000],
    [
      "the first backoff of its own policy",
      {
        own: {
          policy: {
            maxRetries: 1,
            initialDelayMs: 7,
            maxDelayMs: 9,
            multiplier: 2,
            jitter: "none" as const,
          },
        },
      },
      7,
    ],
    ["the explicit delay", { delayMs: 1000 }, 1000],
    ["an explicit delay of 0", { delayMs: 0 }, 0],
    ["0 for a due time in the past", { delayMs: -86_400_000 }, 0],
    ["what the failed call asked for", { retryAfter: { retryAfterMs: 42_000 } }, 42_000],
    [
      "the explicit delay, whatever that asked for",
      { delayMs: 7, retryAfter: { retryAfterMs: 42_000 } },
      7,
    ],
    ["the backoff that follows the attempts elsewhere", { attempts: 2 }, 20_000],
    [
      "a delay within what is left since its first failure",
      { firstFailureAtMs: NOW_MS - HOUR_MS, own: { policy: { maxElapsedMs: HOUR_MS + 5_000 } } },
      5_000,
    ],
    ["the next window", { own: { policy: { windows: [morning] } } }, UNTIL_MORNING_MS],
    [
      "the window after an explicit delay",
      { delayMs: HOUR_MS, own: { policy: { windows: [morning] } } },
      UNTIL_MORNING_MS,
    ],
  ])("schedules after %s", (_name, changes, delayMs) => {
    expect(arrivalVerdict(arrival(changes))).toMatchObject({ kind: "reschedule", delayMs });
  });
});
