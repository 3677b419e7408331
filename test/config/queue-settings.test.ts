import { describe, expect, test } from "vitest";
import { PRESETS } from "../../src/core/presets.ts";
import { DEFAULT_QUEUE_SETTINGS, type RetryPolicy } from "../../src/core/settings.ts";
import { loadErrors, loadOk } from "./load-support.ts";

function settings(yaml: string, argv: readonly string[] = []) {
  return loadOk({ yaml, argv }).queueSettings("q");
}

test("an unconfigured queue has the defaults", () => {
  expect(loadOk({}).queueSettings("anything")).toEqual({
    ...DEFAULT_QUEUE_SETTINGS,
    maxRetries: undefined,
    retryPolicy: undefined,
  });
});

test("names of built-in properties are valid queue names", () => {
  const config = loadOk({ yaml: "queues: { constructor: { ttl: 1h }, __proto__: { ttl: 2h } }" });
  expect(config.queueSettings("constructor").ttlMs).toBe(3_600_000);
  expect(config.queueSettings("__proto__").ttlMs).toBe(7_200_000);
  expect(config.queueSettings("toString").ttlMs).toBe(86_400_000);
});

test("every simple setting can be set by the deployment and by a queue", () => {
  const yaml = `
queues:
  q:
    max_retries: 7
    non_retryable_reasons: [VALIDATION_FAILED, TIMEOUT]
    non_retryable_types: [ValueError, com.shop.OrderGone]
    ttl: 0
    ttl_action: discard
    quarantine_retention: 30d
    poison_threshold: 0
    poison_window: 1h
    dedup_window: 0
    lease_duration: 12h
    max_messages: 10
    max_bytes: 1GiB
    paused: true
    paused_reason: "wait for it"
    paused_until: 2030-01-31T07:00:00+01:00
    rate: 0.5
    rate_burst: 20
    key_attribute: host
    key_rate: 5
    key_rate_burst: 6
    key_max_in_flight: 7
    breaker: key
    breaker_window: 1m
    breaker_minimum_volume: 50
    breaker_failure_ratio: 0.25
    breaker_consecutive_failures: 8
    breaker_open_time: 250ms
    breaker_max_open_time: 10m
    breaker_probes: 1
    breaker_probe_timeout: 5s
    breaker_reasons: [TIMEOUT, NETWORK_ERROR]
    retry_budget_ratio: 0.2
    retry_budget_min_per_second: 0
    ordering: hold
    ordering_hold_max_age: 0
    redact: ["/a/b,c", /items/*/card, attribute:Authorization, PAYLOAD, /a~0b]
`;
  const expected = {
    maxRetries: 7,
    nonRetryableReasons: ["VALIDATION_FAILED", "TIMEOUT"],
    nonRetryableTypes: ["ValueError", "com.shop.OrderGone"],
    ttlMs: 0,
    ttlAction: "discard",
    quarantineRetentionMs: 30 * 86_400_000,
    poisonThreshold: 0,
    poisonWindowMs: 3_600_000,
    dedupWindowMs: 0,
    leaseDurationMs: 12 * 3_600_000,
    maxMessages: 10,
    maxBytes: 1024 ** 3,
    paused: true,
    pausedReason: "wait for it",
    pausedUntilAtMs: Date.UTC(2030, 0, 31, 6),
    ratePerSecond: 0.5,
    rateBurst: 20,
    keyAttribute: "host",
    keyRatePerSecond: 5,
    keyRateBurst: 6,
    keyMaxInFlight: 7,
    breaker: "key",
    breakerWindowMs: 60_000,
    breakerMinimumVolume: 50,
    breakerFailureRatio: 0.25,
    breakerConsecutiveFailures: 8,
    breakerOpenMs: 250,
    breakerMaxOpenMs: 600_000,
    breakerProbes: 1,
    breakerProbeTimeoutMs: 5_000,
    breakerReasons: ["TIMEOUT", "NETWORK_ERROR"],
    retryBudgetRatio: 0.2,
    retryBudgetMinPerSecond: 0,
    ordering: "hold",
    orderingHoldMaxAgeMs: 0,
    redact: ["/a/b,c", "/items/*/card", "attribute:authorization", "payload", "/a~0b"],
  };
  expect(settings(yaml)).toMatchObject(expected);
  expect(settings(yaml.replace("queues:\n  q:", "defaults:"))).toMatchObject(expected);
});

test("flags and environment set the deployment's values; a queue's own still win", () => {
  const yaml = "defaults: { ttl: 3h, max_messages: 3 }\nqueues: { q: { ttl: 1h } }";
  const config = loadOk({ yaml, argv: ["--ttl", "2h"], env: { DLQ_MAX_MESSAGES: "5" } });
  expect(config.queueSettings("other")).toMatchObject({ ttlMs: 7_200_000, maxMessages: 5 });
  expect(config.queueSettings("q")).toMatchObject({ ttlMs: 3_600_000, maxMessages: 5 });
});

test.each([
  ["a,b", ["a", "b"]],
  ["ValueError", ["ValueError"]],
  ["", []],
])("--non-retryable-types %s", (text, expected) => {
  const { queueSettings } = loadOk({ argv: ["--non-retryable-types", text] });
  expect(queueSettings("q").nonRetryableTypes).toEqual(expected);
});

test.each([
  ["a".repeat(513), /number 1, .* has an invalid character or length/],
  [Array.from({ length: 101 }, (_, i) => `T${i}`).join(), /has too many items; allowed: up to 100/],
])("too long or too many types are refused (row %#)", (text, expected) => {
  expect(loadErrors({ argv: ["--non-retryable-types", text] })).toEqual([
    expect.stringMatching(expected),
  ]);
});

describe("retry policies", () => {
  test.each(["retry_policy: webhook", "retry_policy: { preset: webhook }"])("%s", (line) => {
    expect(settings(`queues: { q: { ${line} } }`).retryPolicy).toEqual(PRESETS.webhook);
  });

  test("a preset can be changed", () => {
    const policy = "{ preset: webhook, max_delay: 10m, multiplier: 1.5, jitter: none }";
    expect(settings(`defaults: { retry_policy: ${policy} }`).retryPolicy).toEqual({
      ...PRESETS.webhook,
      maxDelayMs: 600_000,
      backoff: { kind: "exponential", multiplier: 1.5 },
      jitter: "none",
    });
  });

  test.each<[string, Partial<RetryPolicy>]>([
    [
      "{ backoff: fixed, initial_delay: 2h }",
      { backoff: { kind: "fixed" }, initialDelayMs: 7_200_000 },
    ],
    ["{ increment: 30s }", { backoff: { kind: "linear", incrementMs: 30_000 } }],
    ["{ backoff: linear }", { backoff: { kind: "linear", incrementMs: 60_000 } }],
    [
      "{ schedule: [1s, 1m, 1m, 0] }",
      { backoff: { kind: "schedule", delaysMs: [1_000, 60_000, 60_000, 0] }, maxRetries: 4 },
    ],
    [
      "{ schedule: 5s, max_retries: 9 }",
      { backoff: { kind: "schedule", delaysMs: [5_000] }, maxRetries: 9 },
    ],
    [
      "{ jitter: decorrelated, max_elapsed: 12h }",
      { jitter: "decorrelated", maxElapsedMs: 43_200_000 },
    ],
    [
      "{ windows: [{ start: 08:00, end: 20:00 }] }",
      { windows: [{ timeZone: "UTC", startMinute: 480, endMinute: 1_200, days: [] }] },
    ],
    [
      "{ windows: [{ time_zone: Asia/Kolkata, start: '22:00', end: 06:00, days: [saturday, MONDAY] }, { start: 00:00, end: 24:00, days: sunday }] }",
      {
        windows: [
          { timeZone: "Asia/Kolkata", startMinute: 1_320, endMinute: 360, days: [6, 1] },
          { timeZone: "UTC", startMinute: 0, endMinute: 1_440, days: [7] },
        ],
      },
    ],
    ["{ windows: }", {}],
  ])("%s over the standard preset", (policy, changes) => {
    expect(settings(`defaults: { retry_policy: ${policy} }`).retryPolicy).toEqual({
      ...PRESETS.standard,
      maxDelayMs: Math.max(PRESETS.standard.maxDelayMs, changes.initialDelayMs ?? 0),
      ...changes,
    });
  });

  test("a queue's preset keeps the deployment's max_elapsed and windows", () => {
    const q = settings(
      "defaults: { retry_policy: { max_elapsed: 1h, windows: [{ start: 01:00, end: 02:00 }] } }\nqueues: { q: { retry_policy: webhook } }",
    );
    const windows = [{ timeZone: "UTC", startMinute: 60, endMinute: 120, days: [] }];
    expect(q.retryPolicy).toEqual({ ...PRESETS.webhook, maxElapsedMs: 3_600_000, windows });
  });

  test("without a preset, an entry for a reason changes only its own keys", () => {
    const yaml = "queues: { q: { retry_policies: { WEBHOOK_FAILED: { max_retries: 10 } } } }";
    expect(settings(yaml).retryPolicies).toEqual({
      WEBHOOK_FAILED: { ...PRESETS.webhook, maxRetries: 10 },
    });
  });

  test("an entry for a reason keeps the layer's max_retries unless it has its own", () => {
    const q = settings(
      "queues: { q: { max_retries: 8, retry_policies: { TIMEOUT: { initial_delay: 1s }, WEBHOOK_FAILED: webhook } } }",
    );
    expect(q.retryPolicies.TIMEOUT).toEqual({
      ...PRESETS.network,
      maxRetries: 8,
      initialDelayMs: 1_000,
    });
    expect(q.retryPolicies.WEBHOOK_FAILED).toEqual(PRESETS.webhook);
  });

  test("a queue adds to the deployment's reasons", () => {
    const q = settings(
      "defaults: { retry_policies: { TIMEOUT: webhook } }\nqueues: { q: { retry_policies: { PLUGIN_ERROR: auth } } }",
    );
    expect(q.retryPolicies).toEqual({ TIMEOUT: PRESETS.webhook, PLUGIN_ERROR: PRESETS.auth });
  });

  test("a queue's max_retries caps the policies that it inherits", () => {
    const q = settings(
      "defaults: { retry_policies: { TIMEOUT: { max_retries: 10 } } }\nqueues: { q: { max_retries: 2 } }",
    );
    expect(q.maxRetries).toBe(2);
    expect(q.retryPolicies.TIMEOUT?.maxRetries).toBe(2);
  });

  test("a queue's retry_policy hides the deployment's retry settings", () => {
    const q = settings(
      "defaults: { max_retries: 9, retry_policies: { TIMEOUT: auth } }\nqueues: { q: { retry_policy: webhook } }",
    );
    expect(q.maxRetries).toBeUndefined();
    expect(q.retryPolicies).toEqual({});
    expect(q.retryPolicy).toEqual(PRESETS.webhook);
  });

  test.each([
    [
      "{ initial_delay: 2h }",
      /^defaults.retry_policy \(dlq.yaml:1\): max_delay \(1h\) is shorter than initial_delay \(2h\); set both/,
    ],
    ["{ initial_delay: 2h, max_delay: 1h }", /is shorter than initial_delay \(2h\)$/],
    ["{ multiplier: 0.5 }", /^defaults.retry_policy.multiplier .* is too small/],
    ["{ max_retries: 1001 }", /^defaults.retry_policy.max_retries .* is too large/],
    ["{ jitter: lots }", /^defaults.retry_policy.jitter .* allowed: one of none, proportional/],
    ["{ backoff: lots }", /^defaults.retry_policy.backoff .* allowed: one of exponential, /],
    ["{ backoff: schedule }", /^defaults.retry_policy.schedule .*: is missing; a schedule needs/],
    [
      "{ backoff: fixed, increment: 1s }",
      /^defaults.retry_policy.increment .*: is for linear backoff/,
    ],
    ["{ schedule: [] }", /^defaults.retry_policy.schedule .* has too few items/],
    [
      `{ schedule: [${"1s,".repeat(101)}] }`,
      /^defaults.retry_policy.schedule .* has too many items/,
    ],
    [
      "{ schedule: [1s, 2] }",
      /^defaults.retry_policy.schedule .* number 2, "2", has no unit of time/,
    ],
    ["{ max_elapsed: 1ms }", /^defaults.retry_policy.max_elapsed .* is too short/],
    ["{ max_elapsed: 366d }", /^defaults.retry_policy.max_elapsed .* is too long/],
    [
      "{ windows: night }",
      /^defaults.retry_policy.windows \(dlq.yaml:1\): is not a list of mappings/,
    ],
    [
      "{ windows: [night] }",
      /^defaults.retry_policy.windows\[0\] \(dlq.yaml:1\): is not a mapping/,
    ],
    ["{ windows: [{ start: 08:00 }] }", /^defaults.retry_policy.windows\[0\].end .*: is missing$/],
    ["{ windows: [{ end: 08:00 }] }", /^defaults.retry_policy.windows\[0\].start .*: is missing$/],
    [
      "{ windows: [{ start: 8:00, end: 09:00 }] }",
      /windows\[0\].start .*"8:00" is not a time of day/,
    ],
    [
      "{ windows: [{ start: 24:00, end: 09:00 }] }",
      /windows\[0\].start .* is too late; allowed: .* 23:59$/,
    ],
    [
      "{ windows: [{ start: 08:00, end: 00:00 }] }",
      /windows\[0\].end .* is too early; allowed: .* 00:01 to/,
    ],
    [
      "{ windows: [{ time_zone: Mars/Base, start: 08:00, end: 09:00 }] }",
      /windows\[0\].time_zone .*"Mars\/Base" is not a known time zone; allowed: .*Europe\/Berlin$/,
    ],
    [
      "{ windows: [{ start: 08:00, end: 09:00, days: [moonday] }] }",
      /windows\[0\].days .*"moonday", is not/,
    ],
    [
      "{ windows: [{ begin: 08:00 }] }",
      /windows\[0\].begin .*: unknown key; .*allowed keys: time_zone, start/,
    ],
    [
      `{ windows: [${"{ start: 08:00, end: 09:00 },".repeat(17)}] }`,
      /windows \(dlq.yaml:1\): has 17 entries; allowed: at most 16$/,
    ],
    ["nonsense", /^defaults.retry_policy.preset .* allowed: one of webhook, /],
    ["[webhook]", /^defaults.retry_policy \(dlq.yaml:1\): is not a mapping/],
  ])("%s is refused", (policy, expected) => {
    expect(loadErrors({ yaml: `defaults: { retry_policy: ${policy} }` })).toEqual([
      expect.stringMatching(expected),
    ]);
  });
});

test.each([
  ["rate_burst: 5", /rate_burst .*there is a burst but no rate/],
  ["key_rate: 5", /key_rate .*needs an attribute/],
  ["key_max_in_flight: 5", /key_max_in_flight .*needs an attribute/],
  ["breaker: key", /breaker .*needs an attribute/],
  ["breaker_open_time: 10m", /breaker_max_open_time.*shorter than breaker-open-time/],
  ["{ breaker: queue, breaker_reasons: [] }", /breaker_reasons .*the breaker never opens/],
])("%s alone is refused with its line", (yaml, words) => {
  const text = yaml.startsWith("{") ? yaml : `{ ${yaml} }`;
  expect(loadErrors({ yaml: `queues: { q: ${text} }` })).toEqual([expect.stringMatching(words)]);
});

test("an inherited contradiction is reported once", () => {
  const yaml = "defaults: { breaker: key }\nqueues: { a: { ttl: 1h }, b: { key_attribute: host } }";
  expect(loadErrors({ yaml })).toEqual([expect.stringContaining("defaults.breaker")]);
});

describe("transforms", () => {
  const fix = "{ target: payload, merge_patch: '{\"a\": 1}' }";
  const read = (yaml: string) => loadOk({ yaml }).queueSettings("q").transforms;

  test("a queue's replace the deployment's, an empty list means none, an absent one inherits", () => {
    const all = `defaults: { transforms: [${fix}] }`;
    const one = [{ target: "PAYLOAD", kind: "MERGE_PATCH", patch: '{"a": 1}' }];
    expect(read(all)).toEqual(one);
    expect(read(`${all}\nqueues: { q: { transforms: } }`)).toEqual(one);
    expect(read(`${all}\nqueues: { q: { transforms: [] } }`)).toEqual([]);
    const own = "[{ target: ATTRIBUTES, json_patch: '[]' }]";
    expect(read(`${all}\nqueues: { q: { transforms: ${own} } }`)).toEqual([
      { target: "ATTRIBUTES", kind: "JSON_PATCH", patch: "[]" },
    ]);
  });

  test.each([
    ["fix", /^defaults.transforms \(dlq.yaml:1\): is not a list of mappings/],
    ["[{ merge_patch: '{}' }]", /^defaults.transforms\[0\].target .*: is missing$/],
    [
      "[{ target: headers, merge_patch: '{}' }]",
      /transforms\[0\].target .*"headers" is not a known/,
    ],
    [
      "[{ target: payload }]",
      /transforms\[0\] .*: needs exactly one of json_patch and merge_patch/,
    ],
    [
      "[{ target: payload, json_patch: '[]', merge_patch: '{}' }]",
      /transforms\[0\] .*: needs exactly one of/,
    ],
    ["[{ target: payload, json_patch: '{}' }]", /transforms\[0\].json_patch .*array of operations/],
    ["[{ target: payload, patch: '{}' }]", /transforms\[0\].patch .*: unknown key; /],
    [
      `[${`${fix},`.repeat(11)}]`,
      /transforms \(dlq.yaml:1\): has 11 entries; allowed: at most 10$/,
    ],
  ])("%s is refused", (transforms, expected) => {
    expect(loadErrors({ yaml: `defaults: { transforms: ${transforms} }` })).toEqual([
      expect.stringMatching(expected),
    ]);
  });
});

test.each([
  ["[customer.email]", "for a value of the payload write /customer/email"],
  ["[$.customer]", "for a value of the payload write /customer"],
  ["[header:a]", "is not a JSON Pointer such as /customer/email"],
  ["['attribute: ']", "has a space at an end"],
  ["['attribute:']", "has no name after attribute:"],
  ["[/a~2]", "write ~0 for ~ and ~1 for /"],
  ["['/a ']", "use * for a name with such a space"],
  [`[/${"a".repeat(256)}]`, "has more than 256 bytes"],
  [JSON.stringify(Array.from({ length: 65 }, (_, index) => `/${index}`)), "has too many items"],
])("a wrong entry of redact says what to do: %s", (redact, why) => {
  const [error] = loadErrors({ yaml: `defaults: { redact: ${redact} }` });
  expect(error).toContain("defaults.redact");
  expect(error).toContain(why);
});

test("a queue's list of redact replaces that of the deployment", () => {
  const yaml = "defaults: { redact: [/a] }\nqueues: { q: { redact: [] }, r: { redact: [/b] } }";
  const config = loadOk({ yaml, argv: ["--redact", "/c, attribute:X"] });
  expect(config.queueSettings("other").redact).toEqual(["/c", "attribute:x"]);
  expect(config.queueSettings("q").redact).toEqual([]);
  expect(config.queueSettings("r").redact).toEqual(["/b"]);
});
