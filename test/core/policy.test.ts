import { expect, it, test } from "vitest";
import {
  describeLevel,
  type MessageRetry,
  type PolicyLevel,
  type RetrySettings,
  resolvePolicy,
} from "../../src/core/policy.ts";
import { asOverride } from "../../src/core/policy-override.ts";
import { PRESETS } from "../../src/core/presets.ts";
import type { Reason } from "../../src/core/reason.ts";
import type { RetryPolicy } from "../../src/core/settings.ts";

function policy(maxRetries: number): RetryPolicy {
  return {
    maxRetries,
    initialDelayMs: 1,
    maxDelayMs: 1,
    backoff: { kind: "fixed" },
    jitter: "none",
    maxElapsedMs: 0,
    windows: [],
  };
}

const ownPolicy = policy(11);
const forTimeout = policy(22);
const forQueue = policy(33);
const { network, standard } = PRESETS;

type Row = [
  name: string,
  settings: Partial<RetrySettings>,
  own: MessageRetry,
  policy: RetryPolicy,
  policyFrom: PolicyLevel,
  maxRetries: number,
  maxRetriesFrom: PolicyLevel,
];

/** From the strongest to the weakest: each row lacks the level that decided the one above. */
test.each<Row>([
  [
    "the message's own count and policy",
    { retryPolicies: { TIMEOUT: forTimeout }, maxRetries: 44, retryPolicy: forQueue },
    { maxRetries: 7, policy: asOverride(ownPolicy) },
    ...([ownPolicy, "message_policy", 7, "message"] as const),
  ],
  [
    "the message's own policy",
    { retryPolicies: { TIMEOUT: forTimeout }, maxRetries: 44, retryPolicy: forQueue },
    { policy: asOverride(ownPolicy) },
    ...([ownPolicy, "message_policy", 11, "message_policy"] as const),
  ],
  [
    "the message's count alone leaves the delays to the queue's reason",
    { retryPolicies: { TIMEOUT: forTimeout }, maxRetries: 44, retryPolicy: forQueue },
    { maxRetries: 7 },
    ...([forTimeout, "queue_reason", 7, "message"] as const),
  ],
  [
    "the queue's reason",
    { retryPolicies: { TIMEOUT: forTimeout }, maxRetries: 44, retryPolicy: forQueue },
    {},
    ...([forTimeout, "queue_reason", 22, "queue_reason"] as const),
  ],
  [
    "another reason's policy does not count",
    { retryPolicies: { NETWORK_ERROR: forTimeout }, maxRetries: 44, retryPolicy: forQueue },
    {},
    ...([forQueue, "queue_policy", 44, "queue"] as const),
  ],
  [
    "the queue's policy with its own count",
    { retryPolicy: forQueue },
    {},
    ...([forQueue, "queue_policy", 33, "queue_policy"] as const),
  ],
  [
    "the queue's count with the preset's delays",
    { maxRetries: 44 },
    {},
    ...([network, "preset", 44, "queue"] as const),
  ],
  ["the preset", {}, {}, network, "preset", 3, "preset"],
  ["0 is a decision, not an absence", {}, { maxRetries: 0 }, network, "preset", 0, "message"],
])("%s", (_name, settings, own, base, policyFrom, maxRetries, maxRetriesFrom) => {
  expect(resolvePolicy("TIMEOUT", { retryPolicies: {}, ...settings }, own)).toEqual({
    policy: { ...base, maxRetries },
    policyFrom,
    maxRetriesFrom,
  });
});

it("allows as many retries as a message's own schedule has delays", () => {
  const own = { policy: { scheduleMs: [1, 2, 3, 4] } };
  expect(resolvePolicy("TIMEOUT", { retryPolicies: {}, maxRetries: 9 }, own)).toMatchObject({
    policy: { maxRetries: 4, backoff: { kind: "schedule", delaysMs: [1, 2, 3, 4] } },
    maxRetriesFrom: "message_policy",
  });
});

it("applies a rule's policy below the message's own and above the queue's", () => {
  const settings = { retryPolicies: { TIMEOUT: forTimeout }, maxRetries: 44 };
  const rulePolicy = { initialDelayMs: 500, maxRetries: 8 };
  expect(resolvePolicy("TIMEOUT", settings, { rulePolicy })).toEqual({
    policy: { ...forTimeout, initialDelayMs: 500, maxDelayMs: 500, maxRetries: 8 },
    policyFrom: "rule",
    maxRetriesFrom: "rule",
  });
  const own = { maxRetries: 7, policy: { maxDelayMs: 900 }, rulePolicy };
  expect(resolvePolicy("TIMEOUT", settings, own)).toEqual({
    policy: { ...forTimeout, initialDelayMs: 500, maxDelayMs: 900, maxRetries: 7 },
    policyFrom: "message_policy",
    maxRetriesFrom: "message",
  });
});

it("falls back on the default for a message without a known reason", () => {
  expect(resolvePolicy(undefined, { retryPolicies: {} })).toEqual({
    policy: standard,
    policyFrom: "default",
    maxRetriesFrom: "default",
  });
});

test.each<[PolicyLevel, Reason | undefined, string]>([
  ["preset", "TIMEOUT", "preset network"],
  ["queue_reason", "TIMEOUT", "queue_reason"],
  ["default", undefined, "default"],
])("the log names the level %s of %s as %s", (level, reason, expected) => {
  expect(describeLevel(level, reason)).toBe(expected);
});
