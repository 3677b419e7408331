import { create, toBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { EnvelopeSchema } from "../../gen/dlq/storage/v1/envelope_pb.ts";
import { StreamDueResponseSchema } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { FailureSchema } from "../../gen/dlq/v1/failure_pb.ts";
import { Reason } from "../../gen/dlq/v1/state_pb.ts";
import type { DueDelivery } from "../../src/app/commands.ts";
import { deliveryBytes, Session } from "../../src/app/delivery/session.ts";
import { decodeLeaseToken } from "../../src/core/lease-token.ts";
import { writeFrame } from "../../src/rpc/convert/deliveries.ts";
import { clientOf, createRig, errorOf, violationsOf } from "./in-memory.ts";
import { aborted, delivery, MESSAGE_ID_TEXT, opened, SESSION_ID } from "./scripted-dlq.ts";

async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

describe("a request for a stream", () => {
  it("has defaults, and names each queue once", async () => {
    const rig = await createRig();
    rig.dlq.onStream = async function* () {
      yield opened();
    };
    await all(clientOf(rig).streamDue({ queues: ["a", "b", "a"] }));
    expect(rig.dlq.streams[0]?.command).toEqual({
      queues: ["a", "b"],
      workerId: "",
      maxInFlight: 16,
      maxInFlightBytes: 64 * 1024 * 1024,
      leaseMs: undefined,
      resumeSessionId: undefined,
    });
  });

  it("is taken at its limits", async () => {
    const rig = await createRig();
    rig.dlq.onStream = async function* () {};
    await all(
      clientOf(rig).streamDue({
        queues: Array.from({ length: 1000 }, (_, i) => `q${i}`),
        workerId: "w".repeat(128),
        maxInFlight: 10_000,
        maxInFlightBytes: 2n ** 64n - 1n,
        leaseDuration: { seconds: 43_200n },
        resumeSessionId: SESSION_ID,
      }),
    );
    expect(rig.dlq.streams[0]?.command).toMatchObject({
      maxInFlight: 10_000,
      maxInFlightBytes: Number.MAX_SAFE_INTEGER,
      leaseMs: 43_200_000,
      resumeSessionId: SESSION_ID,
    });
  });

  it.each([
    ["queues", { queues: [] }],
    ["queues", { queues: Array.from({ length: 1001 }, (_, i) => `q${i}`) }],
    ["queues[1]", { queues: ["a", "no good"] }],
    ["worker_id", { workerId: "w".repeat(129) }],
    ["max_in_flight", { maxInFlight: 0 }],
    ["max_in_flight", { maxInFlight: 10_001 }],
    ["max_in_flight_bytes", { maxInFlightBytes: 0n }],
    ["lease_duration", { leaseDuration: { nanos: 999_999_999 - 500_000_000 } }],
    ["lease_duration", { leaseDuration: { seconds: 43_200n, nanos: 1 } }],
    ["resume_session_id", { resumeSessionId: "session" }],
  ])("is refused beyond them: %s (row %#)", async (field, request) => {
    const rig = await createRig();
    const error = await errorOf(all(clientOf(rig).streamDue({ queues: ["a"], ...request })));
    expect(error.code).toBe(Code.InvalidArgument);
    expect(violationsOf(error).map((v) => v.field)).toEqual([field]);
    expect(rig.dlq.streams).toEqual([]);
  });
});

describe("a delivery", () => {
  const envelope = toBinary(
    EnvelopeSchema,
    create(EnvelopeSchema, {
      payload: { body: { case: "data", value: new Uint8Array([1, 2]) }, contentType: "x/y" },
      attributes: { a: "b" },
      failure: { reason: Reason.TIMEOUT, message: "first" },
      sourceId: "s",
      orderingKey: "o",
      priority: -3,
    }),
  );

  async function received(overrides: Partial<DueDelivery>) {
    const rig = await createRig();
    rig.dlq.onStream = async function* () {
      yield { kind: "deliveries", deliveries: [delivery({ envelope, ...overrides })] };
    };
    const [frame] = await all(clientOf(rig).streamDue({ queues: ["orders"] }));
    if (frame?.frame.case !== "deliveries") throw new Error("no deliveries");
    const [one] = frame.frame.value.deliveries;
    if (one === undefined) throw new Error("no delivery");
    return one;
  }

  it("carries the message as it was sent, and its state", async () => {
    const one = await received({
      attempts: 2,
      deliveryNumber: 7,
      outcomeUnknown: true,
      expireAtMs: 9_000,
    });
    expect(one).toMatchObject({
      attempt: 3,
      deliveryNumber: 7,
      outcomeUnknown: true,
      leaseExpireTime: { seconds: 32n },
      message: {
        id: MESSAGE_ID_TEXT,
        queue: "orders",
        payload: { body: { case: "data", value: new Uint8Array([1, 2]) }, contentType: "x/y" },
        attributes: { a: "b" },
        reason: Reason.TIMEOUT,
        failure: { message: "first" },
        failureCount: 1,
        sourceId: "s",
        orderingKey: "o",
        priority: -3,
        createTime: { seconds: 1n },
        dueTime: { seconds: 2n },
        expireTime: { seconds: 9n },
        attempts: 2,
      },
    });
    expect(decodeLeaseToken(one.leaseToken)).toMatchObject({ queue: "orders", deliveryNumber: 7 });
  });

  it("shows the latest failure", async () => {
    const latestFailure = toBinary(FailureSchema, create(FailureSchema, { message: "latest" }));
    const one = await received({ latestFailure, reason: "NETWORK_ERROR" });
    expect(one.message?.failure?.message).toBe("latest");
    expect(one.message?.reason).toBe(Reason.NETWORK_ERROR);
  });
});

/** The deliveries of each frame, as a session splits them. */
function framesOf(deliveries: readonly DueDelivery[]): DueDelivery[][] {
  const session = new Session({
    idText: SESSION_ID,
    id: new Uint8Array(16),
    workerId: "w",
    queues: ["q"],
    maxInFlight: 2 * deliveries.length,
    maxInFlightBytes: Number.MAX_SAFE_INTEGER,
    leaseMs: undefined,
  });
  session.read(() => {});
  const room = session.reserve("q", deliveries.length, false);
  if (room === undefined) throw new Error("no room");
  session.settle(
    room,
    deliveries.map((one) => ({ ...one, session: 0, isolated: false, bytes: 0 })),
  );
  const frames: DueDelivery[][] = [];
  for (let frame = session.takeFrame(); frame.length > 0; frame = session.takeFrame()) {
    frames.push(frame);
  }
  return frames;
}

describe("frames", () => {
  const FRAME = 1024 * 1024;
  const sized = (payloadBytes: number) =>
    delivery({
      queue: "q".repeat(128),
      expireAtMs: 253_402_300_799_999,
      leaseExpireAtMs: 253_402_300_799_999,
      attempts: 4_000_000_000,
      deliveryNumber: 4_294_967_295,
      failureCount: 4_000_000_000,
      outcomeUnknown: true,
      envelope: toBinary(
        EnvelopeSchema,
        create(EnvelopeSchema, {
          payload: { body: { case: "data", value: new Uint8Array(payloadBytes) } },
        }),
      ),
    });
  const encodedSizes = (deliveries: DueDelivery[]) =>
    framesOf(deliveries).map(
      (frame) =>
        toBinary(StreamDueResponseSchema, writeFrame({ kind: "deliveries", deliveries: frame }))
          .length,
    );

  it("stay below 1 MiB", () => {
    const sizes = encodedSizes(Array.from({ length: 50 }, () => sized(100_000)));
    expect(sizes.length).toBeGreaterThan(4);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(FRAME);
  });

  it("stay below 1 MiB with many small messages", () => {
    const sizes = encodedSizes(Array.from({ length: 5_000 }, () => sized(0)));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(FRAME);
  });

  it("hold a larger message alone", () => {
    const frames = framesOf([sized(10), sized(2 * FRAME), sized(10), sized(10)]);
    expect(frames.map((frame) => frame.length)).toEqual([1, 1, 2]);
  });

  it("are measured by a bound that no encoding exceeds", () => {
    for (const bytes of [0, 1, 127, 128, 16_384, 300_000]) {
      const one = sized(bytes);
      const [size] = encodedSizes([one]);
      expect(size).toBeLessThanOrEqual(deliveryBytes(one));
    }
  });

  it("come in the order of the use case", async () => {
    const rig = await createRig();
    rig.dlq.onStream = async function* (_command, signal) {
      yield opened();
      yield { kind: "heartbeat" };
      yield { kind: "drain", graceMs: 25_000 };
      await aborted(signal);
    };
    const stream = clientOf(rig)
      .streamDue({ queues: ["a"] })
      [Symbol.asyncIterator]();
    const frames = [await stream.next(), await stream.next(), await stream.next()];
    expect(frames.map((one) => one.value?.frame)).toMatchObject([
      { case: "opened", value: { sessionId: SESSION_ID, leaseDuration: { seconds: 30n } } },
      { case: "heartbeat" },
      { case: "drain", value: { grace: { seconds: 25n } } },
    ]);
    await stream.return?.();
  });
});
