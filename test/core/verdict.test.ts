import { describe, expect, it, test } from "vitest";
import type { QuarantineReason } from "../../src/core/reason.ts";
import {
  type Arrival,
  arrivalVerdict,
  type FailedAttempt,
  failureVerdict,
  RETRY_AFTER_MAX_MS,
  type VerdictSettings,
} from "../../src/core/verdict.ts";

const settings: VerdictSettings = { retryPolicies: {}, nonRetryableReasons: [] };
const refusesTimeouts: VerdictSettings = { ...settings, nonRetryableReasons: ["TIMEOUT"] };

function failed(changes: Partial<FailedAttempt>): FailedAttempt {
  return { attempts: 1, reason: "TIMEOUT", settings, random: 0.5, ...changes };
}

function arrival(changes: Partial<Arrival>): Arrival {
  return { reason: "TIMEOUT", settings, random: 0.5, ...changes };
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
  ])("%s", (_name, changes, delayMs) => {
    expect(failureVerdict(failed(changes))).toMatchObject({ kind: "reschedule", delayMs });
  });

  it("says why, with the level that decided", () => {
    expect(failureVerdict(failed({ attempts: 2 })).why).toBe(
      "attempt 2 of 3 failed with TIMEOUT; delay from preset network",
    );
    expect(
      failureVerdict(failed({ attempts: 3, settings: { ...settings, maxRetries: 3 } })).why,
    ).toBe("attempt 3 of 3 failed (queue)");
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
            jitter: "none",
          },
        },
      },
      7,
    ],
    ["the explicit delay", { delayMs: 1000 }, 1000],
    ["an explicit delay of 0", { delayMs: 0 }, 0],
    ["0 for a due time in the past", { delayMs: -86_400_000 }, 0],
  ])("schedules after %s", (_name, changes, delayMs) => {
    expect(arrivalVerdict(arrival(changes))).toMatchObject({ kind: "reschedule", delayMs });
  });
});
