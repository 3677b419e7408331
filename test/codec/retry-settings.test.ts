import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { RetrySettingsSchema } from "../../gen/dlq/storage/v1/envelope_pb.ts";
import type { Backoff, DayOfWeek, Jitter } from "../../gen/dlq/v1/message_pb.ts";
import { decodeRetrySettings, encodeRetrySettings } from "../../src/codec/retry-settings.ts";
import type { MessageRetry } from "../../src/core/policy.ts";
import { BACKOFF_KINDS, JITTERS } from "../../src/core/settings.ts";

const berlin = { timeZone: "Europe/Berlin", startMinute: 485, endMinute: 1_440, days: [1, 7] };

describe("what a message says of its retries comes back from the store as it was", () => {
  it.each<[string, MessageRetry]>([
    ["nothing", {}],
    ["a number", { maxRetries: 0 }],
    ["an empty policy", { policy: {} }],
    ...JITTERS.map((jitter): [string, MessageRetry] => [jitter, { policy: { jitter } }]),
    ...BACKOFF_KINDS.filter((kind) => kind !== "schedule").map(
      (backoff): [string, MessageRetry] => [backoff, { policy: { backoff } }],
    ),
    ["a rule's policy", { rulePolicy: { preset: "webhook", maxRetries: 2 } }],
    ["both", { policy: { jitter: "none" }, rulePolicy: { initialDelayMs: 5 } }],
    [
      "everything",
      {
        maxRetries: 7,
        policy: {
          ...{ preset: "webhook", maxRetries: 9, initialDelayMs: 1, maxDelayMs: 2_592_000_000 },
          ...{ backoff: "schedule", multiplier: 1.5, incrementMs: 90_001, scheduleMs: [0, 5, 5] },
          ...{ jitter: "equal", maxElapsedMs: 0, windows: [berlin, { ...berlin, days: [] }] },
        },
      },
    ],
  ])("%s", (_name, retry) => {
    const { maxRetries, policy, rulePolicy } = retry;
    const read = decodeRetrySettings(encodeRetrySettings(retry));
    expect(read).toEqual({ maxRetries, policy, rulePolicy });
  });
});

describe("what a newer version has stored is read as far as this one understands it", () => {
  it("and what it doesn't is as good as absent", () => {
    const window = { timeZone: "UTC", startTime: "08:00", endTime: "09:00", days: [] };
    const stored = create(RetrySettingsSchema, {
      policy: {
        preset: "later",
        jitter: 77 as Jitter,
        backoff: 77 as Backoff,
        initialDelay: { seconds: 5n },
        windows: [
          { ...window, timeZone: "Mars/Base" },
          { ...window, startTime: "sunrise" },
          { ...window, endTime: "00:00" },
          { ...window, startTime: "24:00" },
          window,
        ],
      },
    });
    const { policy } = decodeRetrySettings(toBinary(RetrySettingsSchema, stored));
    expect(policy).toEqual({
      initialDelayMs: 5_000,
      windows: [{ timeZone: "UTC", startMinute: 480, endMinute: 540, days: [] }],
    });
  });

  it("a schedule without delays is none", () => {
    const stored = create(RetrySettingsSchema, { policy: { backoff: 4 } });
    const { policy } = decodeRetrySettings(toBinary(RetrySettingsSchema, stored));
    expect(policy).toEqual({});
  });

  it("days that it does not know never come", () => {
    const days: DayOfWeek[] = [9 as DayOfWeek, 3];
    const stored = create(RetrySettingsSchema, {
      policy: { windows: [{ startTime: "08:00", endTime: "09:00", days }] },
    });
    const { policy } = decodeRetrySettings(toBinary(RetrySettingsSchema, stored));
    expect(policy?.windows?.[0]?.days).toEqual([9, 3]);
  });
});
