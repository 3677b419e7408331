import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { Backoff, DayOfWeek, Jitter, RetryPolicySchema } from "../../gen/dlq/v1/message_pb.ts";
import { overridePolicy, type PolicyOverride } from "../../src/core/policy-override.ts";
import { PRESETS } from "../../src/core/presets.ts";
import { readPolicy, writePolicy } from "../../src/rpc/convert/retry-policy.ts";
import { Violations } from "../../src/rpc/convert/violations.ts";

type Init = MessageInitShape<typeof RetryPolicySchema>;

function read(policy: Init): PolicyOverride {
  const v = new Violations();
  const own = readPolicy(v, "p", create(RetryPolicySchema, policy));
  v.throwIfAny();
  return own;
}

const seconds = (n: number) => ({ seconds: BigInt(n) });

describe("a policy of a request", () => {
  it.each<[string, Init, PolicyOverride]>([
    ["nothing", {}, {}],
    ["linear", { increment: seconds(2) }, { incrementMs: 2_000 }],
    ["fixed", { backoff: Backoff.FIXED }, { backoff: "fixed" }],
    [
      "a schedule",
      { backoff: Backoff.SCHEDULE, schedule: [seconds(1), { nanos: 1 }, {}] },
      { backoff: "schedule", scheduleMs: [1_000, 1, 0] },
    ],
    ["a jitter", { jitter: Jitter.DECORRELATED }, { jitter: "decorrelated" }],
    ["no longest time", { maxElapsed: {} }, { maxElapsedMs: 0 }],
    [
      "windows",
      {
        windows: [
          {
            ...{ timeZone: "Asia/Kathmandu", startTime: "22:30", endTime: "24:00" },
            days: [DayOfWeek.SUNDAY, DayOfWeek.MONDAY, DayOfWeek.SUNDAY],
          },
          { startTime: "00:00", endTime: "00:01" },
        ],
      },
      {
        windows: [
          { timeZone: "Asia/Kathmandu", startMinute: 1_350, endMinute: 1_440, days: [7, 1] },
          { timeZone: "UTC", startMinute: 0, endMinute: 1, days: [] },
        ],
      },
    ],
  ])("is read with only its given fields: %s", (_name, policy, expected) => {
    expect(read(policy)).toEqual(expected);
  });

  it("is refused with every wrong field by path", () => {
    const v = new Violations("queue.config.");
    const windows = [{ timeZone: "x", startTime: "x", endTime: "x", days: [99 as DayOfWeek] }];
    const policy = {
      jitter: 99 as Jitter,
      maxElapsed: seconds(-1),
      windows,
      increment: seconds(-1),
    };
    readPolicy(v, "retry_policy", create(RetryPolicySchema, policy));
    const { detail } = v.toError();
    const fields = detail.kind === "INVALID" ? detail.violations.map(({ field }) => field) : [];
    expect(fields).toEqual(
      ["jitter", "increment", "max_elapsed"]
        .concat(["time_zone", "start_time", "end_time", "days"].map((name) => `windows[0].${name}`))
        .map((name) => `queue.config.retry_policy.${name}`),
    );
  });
});

it.each<[string, PolicyOverride]>([
  ["a preset", {}],
  ["linear", { incrementMs: 5, jitter: "full", maxElapsedMs: 3_600_000 }],
  ["fixed", { backoff: "fixed", jitter: "none" }],
  ["a schedule", { scheduleMs: [0, 1, 1], jitter: "equal" }],
  ["windows", { windows: [{ timeZone: "UTC", startMinute: 1, endMinute: 1_440, days: [1, 7] }] }],
])("a complete policy overrides any other after it is written and read: %s", (_name, own) => {
  const policy = overridePolicy(PRESETS.webhook, own);
  expect(overridePolicy(PRESETS.execution, read(writePolicy(policy)))).toEqual(policy);
});
