import { fromJson, toJson } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { QueueConfigSchema } from "../../gen/dlq/v1/queue_pb.ts";
import { resolveQueue } from "../../src/config/resolve-queue.ts";
import { DEFAULT_QUEUE_SETTINGS, type QueueSettings } from "../../src/core/settings.ts";
import { readQueueConfig, writeQueueConfig } from "../../src/rpc/convert/queue-config.ts";

const config = (json: object) => fromJson(QueueConfigSchema, json as never);
const read = (json: object) => readQueueConfig(config(json));
const violations = (json: object) => read(json).violations;
const over = (base: Partial<QueueSettings>, json: object) =>
  resolveQueue({ ...DEFAULT_QUEUE_SETTINGS, ...base }, read(json).layer, []);

/** Each field with a value that is not the default, and the resulting setting. */
const FIELDS: [json: object, settings: Partial<QueueSettings>][] = [
  [{ maxRetries: 0 }, { maxRetries: 0 }],
  [{ maxRetries: 1000 }, { maxRetries: 1000 }],
  [{ ttl: "0s" }, { ttlMs: 0 }],
  [{ ttl: "315360000s" }, { ttlMs: 3650 * 86_400_000 }],
  [{ ttlAction: "TTL_ACTION_DISCARD" }, { ttlAction: "discard" }],
  [{ quarantineRetention: "1s" }, { quarantineRetentionMs: 1_000 }],
  [{ poisonThreshold: 0 }, { poisonThreshold: 0 }],
  [{ poisonWindow: "7776000s" }, { poisonWindowMs: 90 * 86_400_000 }],
  [{ dedupWindow: "0s" }, { dedupWindowMs: 0 }],
  [{ leaseDuration: "1.500s" }, { leaseDurationMs: 1_500 }],
  [{ maxMessages: "1000000000" }, { maxMessages: 1e9 }],
  [{ maxBytes: "1" }, { maxBytes: 1 }],
  [
    { nonRetryable: { reasons: ["REASON_TIMEOUT", "REASON_VALIDATION_FAILED"] } },
    { nonRetryableReasons: ["TIMEOUT", "VALIDATION_FAILED"] },
  ],
  [
    { pause: { paused: true, reason: "down", until: "2030-01-31T06:00:00Z" } },
    { paused: true, pausedReason: "down", pausedUntilAtMs: Date.UTC(2030, 0, 31, 6) },
  ],
  [{ pause: { paused: true } }, { paused: true }],
  [{ rate: { perSecond: 0.001, burst: 1000000 } }, { ratePerSecond: 0.001, rateBurst: 1e6 }],
  [
    { keyLimits: { attribute: "host", rate: { perSecond: 1.5, burst: 3 }, maxInFlight: 10000 } },
    { keyAttribute: "host", keyRatePerSecond: 1.5, keyRateBurst: 3, keyMaxInFlight: 10_000 },
  ],
  [
    {
      breaker: {
        scope: "BREAKER_SCOPE_KEY",
        window: "3600s",
        minimumVolume: 1,
        failureRatio: 0.000001,
        consecutiveFailures: 100000,
        openTime: "0.100s",
        maxOpenTime: "86400s",
        probes: 100,
        probeTimeout: "1s",
        reasons: ["REASON_TIMEOUT"],
      },
    },
    {
      breaker: "key",
      breakerWindowMs: 3_600_000,
      breakerMinimumVolume: 1,
      breakerFailureRatio: 0.000001,
      breakerConsecutiveFailures: 100_000,
      breakerOpenMs: 100,
      breakerMaxOpenMs: 86_400_000,
      breakerProbes: 100,
      breakerProbeTimeoutMs: 1_000,
      breakerReasons: ["TIMEOUT"],
    },
  ],
  [{ redact: { entries: ["/a,b", "attribute:token"] } }, { redact: ["/a,b", "attribute:token"] }],
  [{ redact: {} }, { redact: [] }],
  [
    { retryBudget: { ratio: 0.2, minPerSecond: 0 } },
    { retryBudgetRatio: 0.2, retryBudgetMinPerSecond: 0 },
  ],
  [
    { ordering: { mode: "ORDERING_MODE_HOLD", holdMaxAge: "0s" } },
    { ordering: "hold", orderingHoldMaxAgeMs: 0 },
  ],
  [
    { transforms: { transforms: [{ target: "TRANSFORM_TARGET_PAYLOAD", mergePatch: '{"a":1}' }] } },
    { transforms: [{ target: "PAYLOAD", kind: "MERGE_PATCH", patch: '{"a":1}' }] },
  ],
];

describe("a configuration", () => {
  test.each(FIELDS)("%j", (json, settings) => {
    expect(violations(json)).toEqual([]);
    expect(over({}, json)).toEqual({ ...DEFAULT_QUEUE_SETTINGS, ...settings });
  });

  test.each(FIELDS)("%j is written as it was read", (json) => {
    expect(toJson(QueueConfigSchema, writeQueueConfig(over({}, json)))).toMatchObject(json);
  });

  test("an empty one leaves all to the next layer", () => {
    expect(over({ ttlMs: 5_000 }, {})).toMatchObject({ ttlMs: 5_000 });
    expect(over({ ttlAction: "discard" }, { ttlAction: 0 }).ttlAction).toBe("discard");
  });

  test("an empty list of reasons means none, not those of the next layer", () => {
    const base = { nonRetryableReasons: ["TIMEOUT"] as const };
    expect(over(base, {}).nonRetryableReasons).toEqual(["TIMEOUT"]);
    expect(over(base, { nonRetryable: {} }).nonRetryableReasons).toEqual([]);
  });

  test("an empty list of transforms means none, an absent one those of the next layer", () => {
    const base = { transforms: [{ target: "PAYLOAD", kind: "MERGE_PATCH", patch: "{}" }] as const };
    expect(over(base, {}).transforms).toEqual(base.transforms);
    expect(over(base, { transforms: {} }).transforms).toEqual([]);
  });

  test("a pause replaces as a whole: end and reason are not inherited", () => {
    const base = { paused: true, pausedReason: "down", pausedUntilAtMs: 5 };
    expect(over(base, { pause: { paused: true } })).toMatchObject({
      paused: true,
      pausedReason: "",
      pausedUntilAtMs: undefined,
    });
    expect(over(base, { pause: {} }).paused).toBe(false);
    expect(over(base, {})).toMatchObject(base);
  });

  test("rates, keys and budgets replace as a whole; a breaker field by field", () => {
    const base = {
      ...{ ratePerSecond: 5, rateBurst: 9, retryBudgetRatio: 1, retryBudgetMinPerSecond: 7 },
      ...{ keyAttribute: "host", keyRatePerSecond: 3, keyRateBurst: 4, keyMaxInFlight: 5 },
      ...{ breaker: "queue" as const, breakerWindowMs: 5_000, breakerProbes: 9 },
    };
    expect(over(base, { rate: { perSecond: 1 } })).toMatchObject({ rateBurst: 0 });
    expect(over(base, { rate: {} })).toMatchObject({ ratePerSecond: 0, rateBurst: 0 });
    expect(over(base, { keyLimits: { attribute: "tenant" } })).toMatchObject({
      ...{ keyAttribute: "tenant", keyRatePerSecond: 0, keyRateBurst: 0, keyMaxInFlight: 0 },
    });
    expect(over(base, { retryBudget: { ratio: 2 } }).retryBudgetMinPerSecond).toBe(1);
    expect(over(base, { breaker: { window: "1s" } })).toMatchObject({
      ...{ breaker: "queue", breakerWindowMs: 1_000, breakerProbes: 9 },
    });
  });

  test("a policy overrides that of the next layer, and one of a reason overrides both", () => {
    const settings = over(
      {},
      { retryPolicy: { initialDelay: "1s" }, retryPolicies: { TIMEOUT: { maxRetries: 9 } } },
    );
    expect(settings.retryPolicy).toMatchObject({ initialDelayMs: 1_000 });
    expect(settings.retryPolicies.TIMEOUT).toMatchObject({ initialDelayMs: 1_000, maxRetries: 9 });
    const written = writeQueueConfig(settings);
    expect(written.retryPolicies.TIMEOUT).toMatchObject({ maxRetries: 9 });
    expect(over({}, toJson(QueueConfigSchema, written) as object)).toEqual(settings);
  });
});

describe("an invalid configuration", () => {
  test.each<[json: object, field: string, words: string]>([
    [{ maxRetries: 1001 }, "max_retries", "is too large; allowed: from 0 to 1000"],
    [{ ttl: "0.999s" }, "ttl", "is too short; allowed: from 1s to 3650d, or 0"],
    [{ ttl: "-1s" }, "ttl", "is negative"],
    [{ ttl: "315360000.001s" }, "ttl", "is too long"],
    [{ ttlAction: 7 }, "ttl_action", "unknown to this server"],
    [{ poisonWindow: "0s" }, "poison_window", "is too short; allowed: from 1s to 90d"],
    [{ leaseDuration: "43200.001s" }, "lease_duration", "is too long; allowed: from 1s to 12h"],
    [{ maxMessages: "-1" }, "max_messages", "is too small; allowed: from 0 to 1000000000"],
    [{ maxBytes: "9223372036854775807" }, "max_bytes", "is too large"],
    [{ pause: { reason: "a".repeat(257) } }, "pause.reason", "at most 256 bytes"],
    [{ rate: { perSecond: 0.0001 } }, "rate.per_second", "from 0.001 to 1000000, or 0"],
    [{ rate: { perSecond: "NaN" } }, "rate.per_second", "is not a number"],
    [{ rate: { perSecond: 1e-7 } }, "rate.per_second", "is too small"],
    [{ rate: { burst: 1000001 } }, "rate.burst", "is too large"],
    [
      { keyLimits: { attribute: "a".repeat(129) } },
      "key_limits.attribute",
      "is too long; allowed: at most 128 bytes",
    ],
    [{ keyLimits: { maxInFlight: 10001 } }, "key_limits.max_in_flight", "is too large"],
    [{ keyLimits: { rate: { perSecond: -1 } } }, "key_limits.rate.per_second", "is too small"],
    [{ breaker: { scope: 9 } }, "breaker.scope", "unknown to this server"],
    [{ breaker: { failureRatio: 0 } }, "breaker.failure_ratio", "above 0 to 1"],
    [{ breaker: { failureRatio: 1.01 } }, "breaker.failure_ratio", "is too large"],
    [{ breaker: { openTime: "0.099s" } }, "breaker.open_time", "from 100ms to 24h"],
    [{ breaker: { probes: 0 } }, "breaker.probes", "from 1 to 100"],
    [{ retryBudget: { ratio: 101 } }, "retry_budget.ratio", "is too large"],
    [{ ordering: { holdMaxAge: "0.5s" } }, "ordering.hold_max_age", "is too short"],
    [
      { transforms: { transforms: [{ target: "TRANSFORM_TARGET_PAYLOAD", mergePatch: "{" }] } },
      "transforms.transforms[0].merge_patch",
      "is not JSON",
    ],
    [
      { transforms: { transforms: Array.from({ length: 11 }, () => ({})) } },
      "transforms.transforms",
      "at most 10",
    ],
    [{ nonRetryable: { reasons: [77] } }, "non_retryable.reasons", "unknown to this server"],
    [{ retryPolicy: { multiplier: 0.5 } }, "retry_policy.multiplier", "from 1 to 100"],
    [{ retryPolicies: { NONSENSE: {} } }, 'retry_policies["NONSENSE"]', "must be one of"],
    [
      { retryPolicies: { TIMEOUT: { maxRetries: 1001 } } },
      'retry_policies["TIMEOUT"].max_retries',
      "1000",
    ],
  ])("%j", (json, field, words) => {
    const found = violations(json);
    expect(found).toMatchObject([{ field }]);
    expect(found[0]?.description).toContain(words);
    expect(over({}, json)).toEqual(DEFAULT_QUEUE_SETTINGS);
  });

  test("an entry of redact that this version cannot read hides everything", () => {
    const json = { redact: { entries: ["/a", "header:x"] } };
    expect(violations(json)).toMatchObject([{ field: "redact.entries" }]);
    expect(over({ redact: ["/b"] }, json).redact).toEqual(["payload", "attribute:*"]);
  });

  test("all errors are reported together", () => {
    const found = violations({ ttl: "-1s", maxRetries: 5000, poisonWindow: "0s" });
    expect(found.map(({ field }) => field).toSorted()).toEqual([
      "max_retries",
      "poison_window",
      "ttl",
    ]);
  });
});
