import { describe, expect, it, test } from "vitest";
import {
  delayBeforeRetryMs,
  delayRangeMs,
  LONGEST_DELAY_MS,
  plainDelayMs,
} from "../../src/core/backoff.ts";
import { PRESET_OF_REASON, PRESETS, type PresetName } from "../../src/core/presets.ts";
import { REASON_NAMES } from "../../src/core/reason.ts";
import { BACKOFF_KINDS, JITTERS, type RetryPolicy } from "../../src/core/settings.ts";
import { arrivalVerdict, failureVerdict } from "../../src/core/verdict.ts";

/** Jitter's factor is exactly 1. */
const MIDDLE = 0.5;

const exponential = (multiplier: number) => ({ kind: "exponential", multiplier }) as const;
const linear = (incrementMs: number) => ({ kind: "linear", incrementMs }) as const;
const schedule = (...delaysMs: number[]) => ({ kind: "schedule", delaysMs }) as const;

function policy(changes: Partial<RetryPolicy> = {}): RetryPolicy {
  return {
    maxRetries: 3,
    initialDelayMs: 1000,
    maxDelayMs: 60_000,
    backoff: exponential(2),
    jitter: "none",
    maxElapsedMs: 0,
    windows: [],
    ...changes,
  };
}

/** The whole life of a message that always fails, in seconds, as the verdicts decide it. */
function lifeOf(preset: PresetName): string {
  const reason = REASON_NAMES.find(
    (name) =>
      PRESET_OF_REASON[name] === preset &&
      name !== "POISON_MESSAGE" &&
      name !== "MAX_RETRIES_EXCEEDED",
  );
  if (reason === undefined) throw new Error(`no reason has the preset ${preset}`);
  const settings = { retryPolicies: {}, nonRetryableReasons: [], nonRetryableTypes: [] };
  const steps: string[] = [];
  let verdict = arrivalVerdict({ reason, settings, nowMs: 0, random: MIDDLE });
  for (let attempts = 1; verdict.kind === "reschedule"; attempts++) {
    steps.push(String(verdict.delayMs / 1000));
    const facts = { attempts, reason, settings, nowMs: 0, roundStartedAtMs: 0 };
    verdict = failureVerdict({ ...facts, random: MIDDLE });
  }
  return `${steps.join(" ")} ${verdict.quarantineReason}`;
}

describe("the schedule of a message that always fails (seconds before each attempt, no jitter)", () => {
  // The first number follows the send, each further one a failed attempt.
  test.each<[PresetName, string]>([
    ["webhook", "30 60 120 RETRIES_EXHAUSTED"],
    ["validation", "60 RETRIES_EXHAUSTED"],
    ["execution", "60 180 540 1620 1800 RETRIES_EXHAUSTED"],
    ["network", "5 10 20 RETRIES_EXHAUSTED"],
    ["auth", "300 600 RETRIES_EXHAUSTED"],
    ["resource", "30 60 120 240 480 RETRIES_EXHAUSTED"],
    ["standard", "60 120 240 RETRIES_EXHAUSTED"],
  ])("%s: %s", (preset, expected) => {
    expect(lifeOf(preset)).toBe(expected);
  });
});

test.each<[PresetName, string]>([
  ["webhook", "30 60 120 240 300 300"],
  ["validation", "60 60 60 60 60 60"],
  ["execution", "60 180 540 1620 1800 1800"],
  ["network", "5 10 20 40 60 60"],
  ["auth", "300 600 1200 2400 3600 3600"],
  ["resource", "30 60 120 240 480 900"],
  ["standard", "60 120 240 480 960 1920"],
])("the delays of %s grow to the cap: %s", (preset, expected) => {
  const delays = [1, 2, 3, 4, 5, 6].map(
    (attempt) => delayBeforeRetryMs(PRESETS[preset], attempt, MIDDLE) / 1000,
  );
  expect(delays.join(" ")).toBe(expected);
});

describe("growth", () => {
  test.each<[string, Partial<RetryPolicy>, string]>([
    ["exponential", {}, "1000 2000 4000 8000 16000 32000 60000 60000"],
    ["linear", { backoff: linear(500) }, "1000 1500 2000 2500 3000 3500 4000 4500"],
    [
      "linear, up to its cap",
      { backoff: linear(20_000) },
      "1000 21000 41000 60000 60000 60000 60000 60000",
    ],
    ["linear from nothing", { initialDelayMs: 0, backoff: linear(5) }, "0 5 10 15 20 25 30 35"],
    ["fixed", { backoff: { kind: "fixed" } }, "1000 1000 1000 1000 1000 1000 1000 1000"],
    [
      "a schedule, whose last delay repeats, whatever first and longest delay say",
      { backoff: schedule(5, 0, 70_000) },
      "5 0 70000 70000 70000 70000 70000 70000",
    ],
    [
      "decorrelated, whatever the backoff: the middles of its ranges, until the cap holds them",
      { jitter: "decorrelated", maxDelayMs: 10_000, backoff: schedule(1, 2) },
      "2000 3500 5500 5500 5500 5500 5500 5500",
    ],
  ])("%s", (_name, changes, expected) => {
    const delays = [1, 2, 3, 4, 5, 6, 7, 8].map((attempt) =>
      plainDelayMs(policy(changes), attempt),
    );
    expect(delays.join(" ")).toBe(expected);
  });
});

describe("jitter", () => {
  it("spreads from half to one and a half of the delay", () => {
    const seeded = policy({ jitter: "proportional" });
    expect(delayBeforeRetryMs(seeded, 1, 0)).toBe(500);
    expect(delayBeforeRetryMs(seeded, 1, MIDDLE)).toBe(1000);
    expect(delayBeforeRetryMs(seeded, 1, 1 - Number.EPSILON)).toBe(1500);
  });

  it("spreads capped delays, too", () => {
    const seeded = policy({ jitter: "proportional", maxDelayMs: 2000 });
    expect(delayBeforeRetryMs(seeded, 50, 0.9)).toBe(2800);
  });

  it("is off when the policy says none", () => {
    expect(delayBeforeRetryMs(policy(), 1, 0)).toBe(1000);
    expect(delayBeforeRetryMs(policy(), 1, 0.99)).toBe(1000);
  });
});

describe("kinds of jitter", () => {
  test.each<[RetryPolicy["jitter"], number, number, number]>([
    ["none", 4000, 4000, 4000],
    ["proportional", 2000, 4000, 6000],
    ["full", 1, 2000, 4000],
    ["equal", 2000, 3000, 4000],
    ["decorrelated", 1000, 5750, 10_500],
  ])("%s goes from %i over %i to %i", (jitter, least, middle, most) => {
    const third = (random: number) => delayBeforeRetryMs(policy({ jitter }), 3, random);
    expect([third(0), third(MIDDLE), third(1 - Number.EPSILON)]).toEqual([least, middle, most]);
    expect(delayRangeMs(policy({ jitter }), 3)).toEqual({ minMs: least, maxMs: most });
  });

  it("decorrelated goes from the first delay to three times the one before, up to the cap", () => {
    const decorrelated = policy({ jitter: "decorrelated" });
    expect(delayRangeMs(decorrelated, 2, 7000)).toEqual({ minMs: 1000, maxMs: 21_000 });
    expect(delayRangeMs(decorrelated, 2, 50_000)).toEqual({ minMs: 1000, maxMs: 60_000 });
    expect(delayRangeMs(decorrelated, 2, 0)).toEqual({ minMs: 1000, maxMs: 1000 });
    expect(delayBeforeRetryMs(decorrelated, 2, MIDDLE, 7000)).toBe(11_000);
  });

  it("decorrelated uses the delay without jitter if the previous one is unknown", () => {
    const decorrelated = policy({ jitter: "decorrelated" });
    for (const attempt of [2, 3, 9]) {
      const beforeMs = plainDelayMs(decorrelated, attempt - 1);
      const range = delayRangeMs(decorrelated, attempt, beforeMs);
      expect(delayRangeMs(decorrelated, attempt)).toEqual(range);
      expect(delayRangeMs(decorrelated, attempt, Number.NaN)).toEqual(range);
    }
  });
});

test.each(JITTERS)(
  "%s spreads each kind within its range, around a whole plain delay",
  (jitter) => {
    const backoffs = [exponential(3), linear(700), { kind: "fixed" }, schedule(9, 0, 70)] as const;
    expect(backoffs.map(({ kind }) => kind)).toEqual(BACKOFF_KINDS);
    for (const backoff of backoffs) {
      for (const attempt of [1, 2, 3, 1_000_000]) {
        const one = policy({ jitter, backoff });
        const { minMs, maxMs } = delayRangeMs(one, attempt);
        for (const random of [0, 0.1, 0.9, 1 - Number.EPSILON]) {
          const delayMs = delayBeforeRetryMs(one, attempt, random);
          expect(Number.isSafeInteger(delayMs)).toBe(true);
          expect(delayMs).toBeGreaterThanOrEqual(minMs);
          expect(delayMs).toBeLessThanOrEqual(maxMs);
        }
        const plainMs = plainDelayMs(one, attempt);
        expect(minMs <= plainMs && plainMs <= maxMs).toBe(true);
      }
    }
  },
);

describe("limits", () => {
  const max = Number.MAX_VALUE;
  test.each<[string, Partial<RetryPolicy>, number, number]>([
    ["a short delay never becomes 0", { initialDelayMs: 1, jitter: "proportional" }, 1, 1],
    ["a delay below 1 ms is 1 ms", { initialDelayMs: 0.001 }, 1, 1],
    ["a shrinking delay stops at 1 ms", { backoff: exponential(0.1) }, 1_000_000, 1],
    ["no first delay is no delay", { initialDelayMs: 0 }, 3, 0],
    ["0 times infinity is 0", { initialDelayMs: 0, backoff: exponential(max) }, 1_000_000, 0],
    ["a million attempts stay at the cap", {}, 1_000_000, 60_000],
    ["no attempt counts as the first", {}, 0, 1000],
    ["without a cap, ten years", { maxDelayMs: Infinity }, 1_000_000, LONGEST_DELAY_MS],
    ["huge figures, ten years", { initialDelayMs: max, maxDelayMs: max }, 9, LONGEST_DELAY_MS],
    ["NaN counts as 0", { initialDelayMs: Number.NaN }, 1, 0],
    ["a negative delay counts as 0", { initialDelayMs: -5 }, 1, 0],
    [
      "linear growth without end, ten years",
      { backoff: linear(max), maxDelayMs: max },
      3,
      LONGEST_DELAY_MS,
    ],
    ["infinite steps stay at the cap", { backoff: linear(Infinity) }, 2, 60_000],
    ["no step is no infinity", { backoff: linear(Infinity) }, 1, 1000],
    ["an increment of NaN counts as 0", { backoff: linear(Number.NaN) }, 9, 1000],
    [
      "a fixed delay, ten years",
      { backoff: { kind: "fixed" }, initialDelayMs: max },
      1,
      LONGEST_DELAY_MS,
    ],
    ["a schedule of nothing is no delay", { backoff: schedule() }, 1, 0],
    ["a scheduled NaN counts as 0", { backoff: schedule(Number.NaN) }, 1, 0],
    ["a scheduled infinity, ten years", { backoff: schedule(Infinity) }, 1, LONGEST_DELAY_MS],
    ["full jitter never becomes 0", { jitter: "full" }, 1, 1],
    ["full jitter of nothing is 0", { jitter: "full", initialDelayMs: 0 }, 1, 0],
    ["decorrelated from nothing is 0", { jitter: "decorrelated", initialDelayMs: 0 }, 9, 0],
    [
      "decorrelated without a cap stays whole",
      { jitter: "decorrelated", maxDelayMs: Infinity },
      1_000_000,
      1000,
    ],
    ["fractions are rounded", { initialDelayMs: 10, backoff: exponential(1.5) }, 3, 23],
  ])("%s", (_name, changes, attempt, expected) => {
    expect(delayBeforeRetryMs(policy(changes), attempt, 0)).toBe(expected);
  });

  it("is a whole number within its bound for the longest policy with the highest jitter", () => {
    const longest = policy({ initialDelayMs: max, maxDelayMs: max, jitter: "proportional" });
    const delayMs = delayBeforeRetryMs(longest, 1, 0.999);
    expect(Number.isSafeInteger(delayMs)).toBe(true);
    expect(delayMs).toBe(LONGEST_DELAY_MS);
  });
});
