// Retry policies of single messages: each option becomes its field of the contract.

import { create, isFieldSet, toBinary } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RetryPolicyOptions } from "../../../clients/typescript/src/index.ts";
import { buildSendRequest } from "../../../clients/typescript/src/send-request.ts";
import { SendToDlqRequestSchema } from "../../../gen/dlq/v1/dlq_service_pb.ts";
import { type RetryPolicy, RetryPolicySchema } from "../../../gen/dlq/v1/message_pb.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { clientOf, errorOf, stored } from "./client.ts";

const requestOf = (retryPolicy: RetryPolicyOptions) =>
  buildSendRequest("orders", "x", undefined, { retryPolicy }, undefined);
const wireOf = (options: RetryPolicyOptions): RetryPolicy | undefined =>
  requestOf(options).wire.retryPolicy;

const EVERYTHING = {
  preset: "webhook",
  maxRetries: 7,
  initialDelayMs: 1_000,
  maxDelayMs: 60_000,
  backoff: "exponential",
  multiplier: 1.5,
  incrementMs: 2_000,
  scheduleMs: [1_000, 500],
  jitter: "decorrelated",
  maxElapsedMs: 3_600_000,
  windows: [
    { start: "08:00", end: "24:00", timeZone: "Europe/Berlin", days: ["monday", "sunday"] },
  ],
} as const satisfies Required<RetryPolicyOptions>;

describe("a policy", () => {
  it("sets every field of the contract", () => {
    const wire = wireOf(EVERYTHING) ?? create(RetryPolicySchema);
    expect(wire).toEqual(
      create(RetryPolicySchema, {
        preset: "webhook",
        maxRetries: 7,
        initialDelay: durationFromMs(1_000),
        maxDelay: durationFromMs(60_000),
        backoff: 1,
        multiplier: 1.5,
        increment: durationFromMs(2_000),
        schedule: [durationFromMs(1_000), durationFromMs(500)],
        jitter: 5,
        maxElapsed: durationFromMs(3_600_000),
        windows: [
          { timeZone: "Europe/Berlin", startTime: "08:00", endTime: "24:00", days: [1, 7] },
        ],
      }),
    );
    // Fails for a new field of the contract.
    const unset = RetryPolicySchema.fields.filter((field) => !isFieldSet(wire, field));
    expect(unset.map(({ name }) => name)).toEqual([]);
  });

  it.each(["none", "proportional", "full", "equal", "decorrelated"] as const)(
    "has jitter %s",
    (jitter) => {
      const name = `JITTER_${jitter.toUpperCase()}`;
      expect(enumNameOf("jitter", wireOf({ jitter })?.jitter)).toBe(name);
    },
  );

  it.each(["exponential", "linear", "fixed", "schedule"] as const)("has backoff %s", (backoff) => {
    const name = `BACKOFF_${backoff.toUpperCase()}`;
    expect(enumNameOf("backoff", wireOf({ backoff })?.backoff)).toBe(name);
  });

  it.each([
    [
      "jitter",
      { jitter: "some" },
      /retryPolicy\.jitter is some; give one of none, proportional, full/,
    ],
    ["backoff", { backoff: "toString" }, /retryPolicy\.backoff is toString; give one of exp/],
    ["days", { windows: [{ start: "08:00", end: "09:00", days: ["Mon"] }] }, /windows\[0\]\.days/],
    ["scheduleMs", { scheduleMs: [] }, /scheduleMs is empty/],
    ["a delay", { scheduleMs: [1, Number.NaN] }, /scheduleMs\[1\] is NaN/],
    ["maxElapsedMs", { maxElapsedMs: Number.POSITIVE_INFINITY }, /maxElapsedMs is Infinity/],
  ])("with a wrong %s throws", (_, options, message) => {
    expect(() => wireOf(options as RetryPolicyOptions)).toThrow(message);
  });

  it("counts for the bytes of its request", () => {
    const window = { start: "08:00", end: "24:00", timeZone: "America/Argentina/Buenos_Aires" };
    const { wire, bytes } = requestOf({
      scheduleMs: Array.from({ length: 100 }, (_, at) => 2_000_000_000 + at),
      windows: Array.from({ length: 16 }, () => window),
    });
    expect(bytes).toBeGreaterThanOrEqual(toBinary(SendToDlqRequestSchema, wire).length);
  });
});

describe("a server", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  it("applies schedule and windows", async () => {
    const dlq = clientOf(server);
    const inADay = 24 * 3_600_000;
    const policy = { scheduleMs: [inADay, 2 * inADay], jitter: "none" } as const;
    const sentAtMs = Date.now();
    const later = stored(await dlq.send("schedules", "x", undefined, { retryPolicy: policy }));
    expect((later.dueTime?.getTime() ?? 0) - sentAtMs).toBeGreaterThan(inADay - 60_000);

    const windows = [{ start: "03:00", end: "03:01" }];
    const atNight = stored(await dlq.send("windows", "x", undefined, { retryPolicy: { windows } }));
    expect(atNight.dueTime?.getUTCHours()).toBe(3);
  });

  it("does not retry before the Retry-After of the error", async () => {
    const headers = new Headers({ "retry-after": "7200" });
    const busy = Object.assign(new Error("busy"), { response: { status: 503, headers } });
    const sentAtMs = Date.now();
    const { dueTime } = stored(await clientOf(server).send("busy", "x", busy));
    expect((dueTime?.getTime() ?? 0) - sentAtMs).toBeGreaterThan(7_100_000);
  });

  it("names an unknown time zone in its refusal", async () => {
    const windows = [{ start: "03:00", end: "04:00", timeZone: "Europe/Nowhere" }];
    const result = await clientOf(server).send("windows", "x", undefined, {
      retryPolicy: { windows },
    });
    expect(errorOf(result)).toMatchObject({
      kind: "refused",
      message: expect.stringContaining("windows[0].time_zone"),
    });
  });
});

function enumNameOf(field: "jitter" | "backoff", value: number | undefined): string | undefined {
  return RetryPolicySchema.field[field].enum?.values.find(({ number }) => number === value)?.name;
}
