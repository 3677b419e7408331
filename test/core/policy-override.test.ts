import { describe, expect, it, test } from "vitest";
import {
  asOverride,
  overridePolicy,
  type PolicyOverride,
  policyContradictions,
  retriesOf,
} from "../../src/core/policy-override.ts";
import { PRESETS } from "../../src/core/presets.ts";
import type { Backoff, RetryPolicy } from "../../src/core/settings.ts";

const night = { timeZone: "UTC", startMinute: 0, endMinute: 300, days: [] };
const { webhook } = PRESETS;

function base(changes: Partial<RetryPolicy> = {}): RetryPolicy {
  return { ...PRESETS.standard, maxElapsedMs: 5_000, windows: [night], ...changes };
}

const linear = { kind: "linear", incrementMs: 7 } as const;
const schedule = { kind: "schedule", delaysMs: [1, 2] } as const;

describe("an override of a policy", () => {
  test.each<[string, PolicyOverride, RetryPolicy, Partial<RetryPolicy>]>([
    ["nothing leaves it as it is", {}, base(), base()],
    [
      "a preset replaces delays and retries, and keeps elapsed time and windows",
      { preset: "webhook" },
      base(),
      { ...webhook, maxElapsedMs: 5_000, windows: [night] },
    ],
    [
      "elapsed time and windows by their own names",
      { maxElapsedMs: 0, windows: [] },
      base(),
      { maxElapsedMs: 0, windows: [] },
    ],
    [
      "a first delay lifts a cap that was not set",
      { initialDelayMs: 9e9 },
      base(),
      { maxDelayMs: 9e9 },
    ],
    ["but not a cap that was set", { initialDelayMs: 9, maxDelayMs: 1 }, base(), { maxDelayMs: 1 }],
    ["a jitter alone", { jitter: "full" }, base(), { ...base(), jitter: "full" }],
    ["a schedule has as many retries as delays", { scheduleMs: [1, 2] }, base(), { maxRetries: 2 }],
    ["unless it has a number", { scheduleMs: [1, 2], maxRetries: 9 }, base(), { maxRetries: 9 }],
    ["also over a preset", { preset: "webhook", scheduleMs: [1, 2] }, base(), { maxRetries: 2 }],
  ])("%s", (_name, own, policy, expected) => {
    expect(overridePolicy(policy, own)).toMatchObject(expected);
  });

  test.each<[string, PolicyOverride, Backoff, Backoff]>([
    ["nothing", {}, linear, linear],
    ["a schedule", { scheduleMs: [5] }, linear, { kind: "schedule", delaysMs: [5] }],
    ["an increment", { incrementMs: 5 }, schedule, { kind: "linear", incrementMs: 5 }],
    ["a multiplier", { multiplier: 5 }, schedule, { kind: "exponential", multiplier: 5 }],
    ["fixed", { backoff: "fixed" }, linear, { kind: "fixed" }],
    ["a preset", { preset: "webhook" }, linear, webhook.backoff],
    [
      "exponential alone doubles",
      { backoff: "exponential" },
      linear,
      { kind: "exponential", multiplier: 2 },
    ],
    [
      "linear alone grows by the first delay",
      { backoff: "linear", initialDelayMs: 3 },
      schedule,
      { kind: "linear", incrementMs: 3 },
    ],
    [
      "linear over linear keeps its increment",
      { backoff: "linear", initialDelayMs: 3 },
      linear,
      linear,
    ],
    [
      "a schedule without delays keeps those that were",
      { backoff: "schedule" },
      schedule,
      schedule,
    ],
    [
      "or is the first delay",
      { backoff: "schedule", initialDelayMs: 3 },
      linear,
      { kind: "schedule", delaysMs: [3] },
    ],
  ])("the backoff of %s", (_name, own, backoff, expected) => {
    expect(overridePolicy(base({ backoff }), own).backoff).toEqual(expected);
  });
});

test.each<[PolicyOverride, number | undefined]>([
  [{}, undefined],
  [{ preset: "webhook" }, 3],
  [{ preset: "webhook", scheduleMs: [1] }, 1],
  [{ preset: "webhook", scheduleMs: [1], maxRetries: 0 }, 0],
])("%j sets %s retries", (own, expected) => {
  expect(retriesOf(own)).toBe(expected);
});

describe("contradictions", () => {
  test.each<[PolicyOverride, string[]]>([
    [{}, []],
    [{ multiplier: 2 }, []],
    [{ backoff: "exponential", multiplier: 2 }, []],
    [{ backoff: "linear" }, []],
    [{ backoff: "schedule", scheduleMs: [1] }, []],
    [{ backoff: "schedule" }, ["schedule: is missing; a schedule needs at least one delay"]],
    [
      { backoff: "fixed", multiplier: 2 },
      ["multiplier: is for exponential backoff, but backoff is fixed; leave it out"],
    ],
    [
      { scheduleMs: [1], incrementMs: 1, multiplier: 1 },
      [
        "increment: is for linear backoff, but schedule is given too; leave one of them out",
        "multiplier: is for exponential backoff, but schedule is given too; leave one of them out",
      ],
    ],
  ])("%j: %j", (own, expected) => {
    const found = policyContradictions(own).map(({ field, problem }) => `${field}: ${problem}`);
    expect(found).toEqual(expected);
  });
});

it.each<Backoff>([linear, schedule, { kind: "fixed" }, { kind: "exponential", multiplier: 3 }])(
  "an override with all parts of a policy replaces any other policy: %j",
  (backoff) => {
    const policy = base({ backoff, jitter: "equal" });
    expect(policyContradictions(asOverride(policy))).toEqual([]);
    for (const other of [PRESETS.auth, base({ backoff: linear }), base({ backoff: schedule })]) {
      expect(overridePolicy(other, asOverride(policy))).toEqual(policy);
    }
  },
);
