import { describe, expect, it, test } from "vitest";
import { arrivalDecisionOf, numberOfDecision } from "../../src/codec/arrival-decision.ts";
import { REASON_NAMES } from "../../src/core/reason.ts";
import { DEFAULT_QUEUE_SETTINGS } from "../../src/core/settings.ts";
import { type Arrival, arrivalVerdict } from "../../src/core/verdict.ts";

const SETTINGS = DEFAULT_QUEUE_SETTINGS;
const MOVED_ON = { quarantineReason: undefined, deliveries: 1, laterFailures: [] };
const textOf = (number: number) =>
  arrivalDecisionOf({ decision: "", decisionNumber: number }, MOVED_ON);
const whyOf = (over: Partial<Arrival>) =>
  arrivalVerdict({ reason: "TIMEOUT", settings: SETTINGS, nowMs: 0, random: undefined, ...over })
    .why;

describe("the decision on an arrival has a number", () => {
  it.each(REASON_NAMES)("if the reason is %s", (reason) => {
    const refused = { ...SETTINGS, nonRetryableReasons: [reason] };
    for (const why of [whyOf({ reason }), whyOf({ reason, settings: refused })]) {
      expect(numberOfDecision(why), why).toBeGreaterThan(0);
    }
  });

  it.each<[string, Partial<Arrival>]>([
    ["the producer sets the delay", { delayMs: 5 }],
    ["the failed call sets it", { retryAfter: { retryAfterMs: 3_600_000 } }],
    ["another system had quarantined it", { wasQuarantined: true }],
    ["it has a policy", { own: { policy: { initialDelayMs: 5 } } }],
    ["it has a policy without retries", { own: { policy: { maxRetries: 0 } } }],
    ["it has no retries", { own: { maxRetries: 0 } }],
    ["a rule gave it a policy", { own: { rulePolicy: { initialDelayMs: 5 } } }],
    ["the queue allows no retries", { settings: { ...SETTINGS, maxRetries: 0 } }],
  ])("if %s", (_, over) => {
    const why = whyOf(over);
    expect(numberOfDecision(why), why).toBeGreaterThan(0);
  });
});

test("a stored number keeps its text", () => {
  expect([0, 1, 4, 13, 17, 23, 32].map(textOf)).toEqual([
    "",
    "first delay from preset webhook",
    "first delay from preset network",
    "delay set by the producer",
    "it was in quarantine in the system it came from",
    "no retries are allowed (queue_policy)",
    "the queue does not retry UNKNOWN_ERROR",
  ]);
});

test("a number of a newer version, and an envelope of an older one, have no text", () => {
  expect([textOf(9_999), textOf(0)]).toEqual(["", ""]);
});
