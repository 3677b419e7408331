import { describe, expect, it } from "vitest";
import { LONGEST_DELAY_MS } from "../../src/core/backoff.ts";
import { overridePolicy, type PolicyOverride } from "../../src/core/policy-override.ts";
import { PRESETS } from "../../src/core/presets.ts";
import {
  addSimulated,
  SIMULATED_BOUNDS_MS,
  type StoredFacts,
  simulateSchedule,
  simulateStored,
} from "../../src/core/simulate.ts";
import { failureVerdict, type VerdictSettings } from "../../src/core/verdict.ts";

const NOW_MS = Date.UTC(2026, 0, 7, 19, 30);
const policy = (own: PolicyOverride) => overridePolicy(PRESETS.standard, own);

describe("a schedule", () => {
  it("has each attempt with its delay, jitter range and due time", () => {
    const own = { maxRetries: 3, initialDelayMs: 1_000, multiplier: 3 };
    expect(simulateSchedule(policy(own), NOW_MS)).toEqual({
      attempts: [
        { attempt: 1, delayMs: 1_000, minDelayMs: 500, maxDelayMs: 1_500, dueAtMs: NOW_MS + 1_000 },
        {
          attempt: 2,
          delayMs: 3_000,
          minDelayMs: 1_500,
          maxDelayMs: 4_500,
          dueAtMs: NOW_MS + 4_000,
        },
        {
          attempt: 3,
          delayMs: 9_000,
          minDelayMs: 4_500,
          maxDelayMs: 13_500,
          dueAtMs: NOW_MS + 13_000,
        },
      ],
      truncated: false,
    });
  });

  it("waits for windows and continues from there", () => {
    const windows = [{ timeZone: "UTC", startMinute: 480, endMinute: 1200, days: [] }];
    const own = { maxRetries: 3, scheduleMs: [1_200_000, 1_800_000, 60_000], windows };
    const { attempts } = simulateSchedule(policy(own), NOW_MS);
    expect(attempts.map(({ dueAtMs }) => new Date(dueAtMs).toISOString().slice(8, 16))).toEqual([
      "07T19:50",
      "08T08:00",
      "08T08:01",
    ]);
  });

  it("ends before an attempt that would start after max_elapsed", () => {
    const own = { maxRetries: 9, backoff: "fixed", initialDelayMs: 10, maxElapsedMs: 40 } as const;
    expect(simulateSchedule(policy(own), NOW_MS).attempts).toHaveLength(4);
    expect(simulateSchedule(policy({ ...own, maxElapsedMs: 39 }), NOW_MS)).toMatchObject({
      attempts: { length: 3 },
      truncated: false,
    });
  });

  it.each([
    [99, 99, false],
    [100, 100, false],
    [101, 100, true],
  ])("of %i retries shows %i, more: %s", (maxRetries, length, truncated) => {
    const shown = simulateSchedule(policy({ maxRetries }), NOW_MS);
    expect(shown).toMatchObject({ attempts: { length }, truncated });
  });

  it("is empty without retries", () => {
    const shown = simulateSchedule(policy({ maxRetries: 0 }), NOW_MS);
    expect(shown).toEqual({ attempts: [], truncated: false });
  });

  it("bounds decorrelated jitter by the longest earlier delays", () => {
    const own = {
      maxRetries: 4,
      initialDelayMs: 10,
      maxDelayMs: 200,
      jitter: "decorrelated",
    } as const;
    const { attempts } = simulateSchedule(policy(own), NOW_MS);
    expect(attempts.map((one) => [one.minDelayMs, one.delayMs, one.maxDelayMs])).toEqual([
      [10, 20, 30],
      [10, 35, 90],
      [10, 58, 200],
      [10, 91, 200],
    ]);
  });

  it("agrees with the verdicts", () => {
    const settings: VerdictSettings = {
      retryPolicies: {},
      retryPolicy: policy({ maxRetries: 6, jitter: "full" }),
      nonRetryableReasons: [],
      nonRetryableTypes: [],
    };
    const { attempts } = simulateSchedule(policy({ maxRetries: 6, jitter: "full" }), NOW_MS);
    for (const { attempt, delayMs, minDelayMs, maxDelayMs } of attempts.slice(1)) {
      const facts = { reason: "TIMEOUT", settings, nowMs: NOW_MS, roundStartedAtMs: 0 } as const;
      const verdict = (random: number | undefined) =>
        failureVerdict({ ...facts, attempts: attempt - 1, random });
      expect(verdict(undefined)).toMatchObject({ delayMs });
      expect(verdict(0)).toMatchObject({ delayMs: minDelayMs });
      expect(verdict(1 - Number.EPSILON)).toMatchObject({ delayMs: maxDelayMs });
    }
  });
});

describe("over stored messages", () => {
  const settings: VerdictSettings = {
    retryPolicies: { TIMEOUT: policy({ scheduleMs: [0, 1_000, 1_001], maxRetries: 4 }) },
    nonRetryableReasons: ["VALIDATION_FAILED"],
    nonRetryableTypes: ["Gone"],
  };
  const timeout = (attempts: number, changes: Partial<StoredFacts> = {}): StoredFacts => ({
    ...{ reason: "TIMEOUT", attempts, roundStartedAtMs: NOW_MS },
    ...changes,
  });
  const bucket = (withinMs: number) => SIMULATED_BOUNDS_MS.indexOf(withinMs);

  it("counts messages that would be retried, by delay, and quarantined", () => {
    const far = { policy: { initialDelayMs: LONGEST_DELAY_MS, backoff: "fixed" } } as const;
    const found = simulateStored(
      [
        timeout(0), // one failed attempt then: the second delay
        timeout(1),
        timeout(2),
        timeout(3), // exhausted
        timeout(0, { type: "shop.Gone" }),
        timeout(0, { poisoned: true }),
        timeout(0, { reason: "VALIDATION_FAILED" }),
        timeout(0, { own: { maxRetries: 1 } }),
        timeout(0, { own: far }),
      ],
      settings,
      NOW_MS,
    );
    expect(found).toMatchObject({ examinedCount: 9, quarantinedCount: 5 });
    const expected = SIMULATED_BOUNDS_MS.map(() => 0);
    expected[bucket(1_000)] = 1;
    expected[bucket(10_000)] = 2;
    expected[bucket(LONGEST_DELAY_MS)] = 1;
    expect(found.retried.map(({ count }) => count)).toEqual(expected);
  });

  it("is the sum of its parts", () => {
    const all = [timeout(0), timeout(2), timeout(3)];
    const parts = all.map((one) => simulateStored([one], settings, NOW_MS));
    expect(parts.reduce(addSimulated)).toEqual(simulateStored(all, settings, NOW_MS));
  });

  it("counts 0 without messages", () => {
    const found = simulateStored([], settings, NOW_MS);
    expect(found).toMatchObject({ examinedCount: 0, quarantinedCount: 0 });
    expect(found.retried.every(({ count }) => count === 0)).toBe(true);
  });
});
