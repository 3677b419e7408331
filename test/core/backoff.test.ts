import { describe, expect, it, test } from "vitest";
import { delayBeforeRetryMs, LONGEST_DELAY_MS } from "../../src/core/backoff.ts";
import { PRESET_OF_REASON, PRESETS, type PresetName } from "../../src/core/presets.ts";
import { REASON_NAMES } from "../../src/core/reason.ts";
import type { RetryPolicy } from "../../src/core/settings.ts";
import { arrivalVerdict, failureVerdict } from "../../src/core/verdict.ts";

/** Jitter's factor is exactly 1. */
const MIDDLE = 0.5;

function policy(changes: Partial<RetryPolicy> = {}): RetryPolicy {
  return {
    maxRetries: 3,
    initialDelayMs: 1000,
    maxDelayMs: 60_000,
    multiplier: 2,
    jitter: "none",
    ...changes,
  };
}

/** The whole life of a message that always fails, in seconds, as the verdicts decide it. */
function schedule(preset: PresetName): string {
  const reason = REASON_NAMES.find(
    (name) =>
      PRESET_OF_REASON[name] === preset &&
      name !== "POISON_MESSAGE" &&
      name !== "MAX_RETRIES_EXCEEDED",
  );
  if (reason === undefined) throw new Error(`no reason has the preset ${preset}`);
  const settings = { retryPolicies: {}, nonRetryableReasons: [] };
  const steps: string[] = [];
  let verdict = arrivalVerdict({ reason, settings, random: MIDDLE });
  for (let attempts = 1; verdict.kind === "reschedule"; attempts++) {
    steps.push(String(verdict.delayMs / 1000));
    verdict = failureVerdict({ attempts, reason, settings, random: MIDDLE });
  }
  return `${steps.join(" ")} ${verdict.quarantineReason}`;
}

describe("the schedule of a message that always fails (seconds before each try, no jitter)", () => {
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
    expect(schedule(preset)).toBe(expected);
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

describe("jitter", () => {
  it("spreads from half to one and a half of the delay", () => {
    const seeded = policy({ jitter: "seed" });
    expect(delayBeforeRetryMs(seeded, 1, 0)).toBe(500);
    expect(delayBeforeRetryMs(seeded, 1, MIDDLE)).toBe(1000);
    expect(delayBeforeRetryMs(seeded, 1, 1 - Number.EPSILON)).toBe(1500);
  });

  it("spreads capped delays, too", () => {
    const seeded = policy({ jitter: "seed", maxDelayMs: 2000 });
    expect(delayBeforeRetryMs(seeded, 50, 0.9)).toBe(2800);
  });

  it("is off when the policy says none", () => {
    expect(delayBeforeRetryMs(policy(), 1, 0)).toBe(1000);
    expect(delayBeforeRetryMs(policy(), 1, 0.99)).toBe(1000);
  });
});

describe("limits", () => {
  const max = Number.MAX_VALUE;
  test.each<[string, Partial<RetryPolicy>, number, number]>([
    ["a short delay never becomes 0", { initialDelayMs: 1, jitter: "seed" }, 1, 1],
    ["a delay below 1 ms is 1 ms", { initialDelayMs: 0.001 }, 1, 1],
    ["a shrinking delay stops at 1 ms", { multiplier: 0.1 }, 1_000_000, 1],
    ["no first delay is no delay", { initialDelayMs: 0 }, 3, 0],
    ["0 times infinity is 0", { initialDelayMs: 0, multiplier: max }, 1_000_000, 0],
    ["a million attempts stay at the cap", {}, 1_000_000, 60_000],
    ["no attempt counts as the first", {}, 0, 1000],
    ["without a cap, ten years", { maxDelayMs: Infinity }, 1_000_000, LONGEST_DELAY_MS],
    ["huge figures, ten years", { initialDelayMs: max, maxDelayMs: max }, 9, LONGEST_DELAY_MS],
    ["NaN counts as 0", { initialDelayMs: Number.NaN }, 1, 0],
    ["a negative delay counts as 0", { initialDelayMs: -5 }, 1, 0],
    ["fractions are rounded", { initialDelayMs: 10, multiplier: 1.5 }, 3, 23],
  ])("%s", (_name, changes, attempt, expected) => {
    expect(delayBeforeRetryMs(policy(changes), attempt, 0)).toBe(expected);
  });

  it("stays a whole number within its bound for the longest policy at the highest jitter", () => {
    const longest = policy({ initialDelayMs: max, maxDelayMs: max, jitter: "seed" });
    const delayMs = delayBeforeRetryMs(longest, 1, 0.999);
    expect(Number.isSafeInteger(delayMs)).toBe(true);
    expect(delayMs).toBe(LONGEST_DELAY_MS);
  });
});
