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

/** Each field with a value that is not the default, and the setting that it makes. */
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
];

describe("what is set", () => {
  test.each(FIELDS)("%j", (json, settings) => {
    expect(violations(json)).toEqual([]);
    expect(over({}, json)).toEqual({ ...DEFAULT_QUEUE_SETTINGS, ...settings });
  });

  test.each(FIELDS)("%j is written as it was read", (json) => {
    expect(toJson(QueueConfigSchema, writeQueueConfig(over({}, json)))).toMatchObject(json);
  });

  test("nothing leaves all to the next level", () => {
    expect(over({ ttlMs: 5_000 }, {})).toMatchObject({ ttlMs: 5_000 });
    expect(over({ ttlAction: "discard" }, { ttlAction: 0 }).ttlAction).toBe("discard");
  });

  test("an empty list of reasons means none, not those of the next level", () => {
    const base = { nonRetryableReasons: ["TIMEOUT"] as const };
    expect(over(base, {}).nonRetryableReasons).toEqual(["TIMEOUT"]);
    expect(over(base, { nonRetryable: {} }).nonRetryableReasons).toEqual([]);
  });

  test("a pause says all of itself: its end and its reason are not the next level's", () => {
    const base = { paused: true, pausedReason: "down", pausedUntilAtMs: 5 };
    expect(over(base, { pause: { paused: true } })).toMatchObject({
      paused: true,
      pausedReason: "",
      pausedUntilAtMs: undefined,
    });
    expect(over(base, { pause: {} }).paused).toBe(false);
    expect(over(base, {})).toMatchObject(base);
  });

  test("a policy is put over the next level's, one of a reason over that", () => {
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

describe("what may not be", () => {
  test.each<[json: object, field: string, words: string]>([
    [{ maxRetries: 1001 }, "max_retries", "is too large; allowed: a whole number from 0 to 1000"],
    [{ ttl: "0.999s" }, "ttl", "is too short; allowed: from 1s to 3650d, or 0"],
    [{ ttl: "-1s" }, "ttl", "is negative"],
    [{ ttl: "315360000.001s" }, "ttl", "is too long"],
    [{ ttlAction: 7 }, "ttl_action", "does not know"],
    [{ poisonWindow: "0s" }, "poison_window", "is too short; allowed: from 1s to 90d"],
    [{ leaseDuration: "43200.001s" }, "lease_duration", "is too long; allowed: from 1s to 12h"],
    [
      { maxMessages: "-1" },
      "max_messages",
      "is too small; allowed: a whole number from 0 to 1000000000",
    ],
    [{ maxBytes: "9223372036854775807" }, "max_bytes", "is too large"],
    [{ pause: { reason: "a".repeat(257) } }, "pause.reason", "at most 256 bytes"],
    [{ nonRetryable: { reasons: [77] } }, "non_retryable.reasons", "does not know"],
    [{ retryPolicy: { multiplier: 0.5 } }, "retry_policy.multiplier", "from 1 to 100"],
    [{ retryPolicies: { NONSENSE: {} } }, 'retry_policies["NONSENSE"]', "is none of"],
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

  test("everything that is wrong is told at once", () => {
    const found = violations({ ttl: "-1s", maxRetries: 5000, poisonWindow: "0s" });
    expect(found.map(({ field }) => field).toSorted()).toEqual([
      "max_retries",
      "poison_window",
      "ttl",
    ]);
  });
});
