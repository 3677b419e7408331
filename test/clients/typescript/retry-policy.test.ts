// Policies of single messages: each option of the TypeScript client as the contract has it.

import { create, isFieldSet, toBinary } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RetryPolicyOptions } from "../../../clients/typescript/src/index.ts";
import { letterOf } from "../../../clients/typescript/src/letter.ts";
import { SendToDlqRequestSchema } from "../../../gen/dlq/v1/dlq_service_pb.ts";
import { type RetryPolicy, RetryPolicySchema } from "../../../gen/dlq/v1/message_pb.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { clientOf, errorOf, stored } from "./client.ts";

const letter = (retryPolicy: RetryPolicyOptions) =>
  letterOf("orders", "x", undefined, { retryPolicy }, undefined);
const wireOf = (options: RetryPolicyOptions): RetryPolicy | undefined =>
  letter(options).request.retryPolicy;

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
  it("says everything that the contract can say", () => {
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
    // A field that comes to the contract is missed here.
    const unsaid = RetryPolicySchema.fields.filter((field) => !isFieldSet(wire, field));
    expect(unsaid.map(({ name }) => name)).toEqual([]);
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
    ["jitter", { jitter: "some" }, /retryPolicy\.jitter is some; give one of none, seed, full/],
    ["backoff", { backoff: "toString" }, /retryPolicy\.backoff is toString; give one of exp/],
    ["days", { windows: [{ start: "08:00", end: "09:00", days: ["Mon"] }] }, /windows\[0\]\.days/],
    ["scheduleMs", { scheduleMs: [] }, /scheduleMs is empty/],
    ["a delay", { scheduleMs: [1, Number.NaN] }, /scheduleMs\[1\] is NaN/],
    ["maxElapsedMs", { maxElapsedMs: Number.POSITIVE_INFINITY }, /maxElapsedMs is Infinity/],
  ])("with a wrong %s is told, as compilers are not everywhere", (_, options, words) => {
    expect(() => wireOf(options as RetryPolicyOptions)).toThrow(words);
  });

  it("counts for the bytes of its message", () => {
    const window = { start: "08:00", end: "24:00", timeZone: "America/Argentina/Buenos_Aires" };
    const { request, bytes } = letter({
      scheduleMs: Array.from({ length: 100 }, (_, at) => 2_000_000_000 + at),
      windows: Array.from({ length: 16 }, () => window),
    });
    expect(bytes).toBeGreaterThanOrEqual(toBinary(SendToDlqRequestSchema, request).length);
  });
});

describe("a server", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  it("goes by schedule and windows", async () => {
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

  it("retries no sooner than the endpoint asked for", async () => {
    const headers = new Headers({ "retry-after": "7200" });
    const busy = Object.assign(new Error("busy"), { response: { status: 503, headers } });
    const sentAtMs = Date.now();
    const { dueTime } = stored(await clientOf(server).send("busy", "x", busy));
    expect((dueTime?.getTime() ?? 0) - sentAtMs).toBeGreaterThan(7_100_000);
  });

  it("says what is wrong with a zone", async () => {
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
