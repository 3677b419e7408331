import { durationFromMs, durationMs, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, createClient } from "@connectrpc/connect";
import { beforeEach, describe, expect, it } from "vitest";
import { DlqAdminService } from "../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { Reason } from "../../gen/dlq/v1/state_pb.ts";
import { PRESETS } from "../../src/core/presets.ts";
import { DEFAULT_QUEUE_SETTINGS } from "../../src/core/settings.ts";
import { createRig, errorOf, NOW_MS, type Rig, transportOf, violationsOf } from "./in-memory.ts";

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});
const simulate = (request: object) =>
  createClient(DlqAdminService, transportOf(rig)).simulatePolicy({ queue: "q", ...request });
const asked = () => {
  const [command] = rig.simulated;
  if (command === undefined) throw new Error("nothing was simulated");
  return command;
};

it("defaults to the settings in force, an unknown error, now, and stored messages", async () => {
  await simulate({});
  expect(asked()).toMatchObject({
    ...{ queue: "q", reason: "UNKNOWN_ERROR", startAtMs: undefined, stored: true },
  });
  expect(asked().settings(DEFAULT_QUEUE_SETTINGS)).toBe(DEFAULT_QUEUE_SETTINGS);
});

it("reads all fields", async () => {
  await simulate({
    ...{ reason: Reason.TIMEOUT, skipStored: true, startTime: timestampFromMs(5_000) },
    retryPolicy: { initialDelay: durationFromMs(7_000) },
  });
  expect(asked()).toMatchObject({ reason: "TIMEOUT", startAtMs: 5_000, stored: false });
});

it("a policy is tried as UpdateQueue would set it", async () => {
  await simulate({ retryPolicy: { initialDelay: durationFromMs(7_000) } });
  const inForce = {
    ...DEFAULT_QUEUE_SETTINGS,
    maxRetries: 9,
    retryPolicies: { TIMEOUT: { ...PRESETS.network, maxRetries: 1 } },
  };
  const tried = asked().settings(inForce);
  expect(tried).toMatchObject({ maxRetries: undefined, retryPolicies: {} });
  expect(tried.retryPolicy).toMatchObject({ initialDelayMs: 7_000, maxRetries: 9 });
});

describe("an error is reported", () => {
  it.each<[string, object]>([
    ["queue", { queue: "no queue" }],
    ["reason", { reason: 99 }],
    ["retry_policy.max_retries", { retryPolicy: { maxRetries: 1001 } }],
    ["start_time", { startTime: { seconds: -1n } }],
    ["start_time", { startTime: timestampFromMs(NOW_MS + 3651 * 86_400_000) }],
  ])("%s (row %#)", async (field, request) => {
    const error = await errorOf(simulate(request));
    expect(error.code).toBe(Code.InvalidArgument);
    expect(violationsOf(error).map((one) => one.field)).toEqual([field]);
    expect(rig.simulated).toEqual([]);
  });

  it("also for a contradiction with the settings in force", async () => {
    await simulate({ retryPolicy: { maxDelay: durationFromMs(1) } });
    const wrong = () => asked().settings(DEFAULT_QUEUE_SETTINGS);
    expect(wrong).toThrow(/retry_policy.*shorter than initial_delay/);
  });
});

it("returns the policy, the schedule and the counts", async () => {
  const { retryPolicy, attempts, truncated, stored } = await simulate({});
  expect(retryPolicy?.maxRetries).toBe(3);
  const [first] = attempts;
  expect(attempts).toHaveLength(1);
  expect(first?.attempt).toBe(1);
  const { delay, minDelay, maxDelay } = first ?? {};
  expect([delay, minDelay, maxDelay].map((one) => one && durationMs(one))).toEqual([
    5_000, 2_500, 7_500,
  ]);
  expect(first?.dueTime && timestampMs(first.dueTime)).toBe(105_000);
  expect(truncated).toBe(true);
  expect(stored).toMatchObject({ examinedCount: 3n, quarantinedCount: 1n });
  expect(stored?.retried.map(({ within, count }) => [within && durationMs(within), count])).toEqual(
    [[1_000, 2n]],
  );
});
