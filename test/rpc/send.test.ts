import { fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { EnvelopeSchema } from "../../gen/dlq/storage/v1/envelope_pb.ts";
import type { SendToDlqRequest, SendToDlqRequestSchema } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { FailureSchema } from "../../gen/dlq/v1/failure_pb.ts";
import { Jitter } from "../../gen/dlq/v1/message_pb.ts";
import { MessageState, QuarantineReason, Reason } from "../../gen/dlq/v1/state_pb.ts";
import { BadRequestSchema } from "../../gen/google/rpc/error_details_pb.ts";
import type { SendCommand } from "../../src/app/commands.ts";
import { internal, invalidField, queueLimit } from "../../src/core/errors.ts";
import { clientOf, createRig, errorOf, violationsOf } from "./in-memory.ts";
import { MESSAGE_ID_TEXT, scheduled } from "./scripted-dlq.ts";

type Init = Exclude<MessageInitShape<typeof SendToDlqRequestSchema>, SendToDlqRequest>;

const PAYLOAD = { body: { case: "text" as const, value: '{"n":1}' } };

async function commandOf(init: Init): Promise<SendCommand> {
  const rig = await createRig();
  await clientOf(rig).sendToDlq({ queue: "orders", payload: PAYLOAD, ...init });
  const [command] = rig.dlq.sent;
  if (command === undefined) throw new Error("nothing was sent");
  return command;
}

describe("SendToDlq as a command", () => {
  it("has the facts for decisions, and stores the rest as sent", async () => {
    const command = await commandOf({
      requestId: "r1",
      attributes: { a: "1" },
      failure: { reason: Reason.WEBHOOK_FAILED, message: "boom", httpStatus: 503 },
      sourceId: "s1",
      dedupKey: "d1",
      orderingKey: "o1",
      origin: { service: "billing", coordinates: { offset: "7" } },
      traceContext: { traceparent: "00-1-2-01" },
      priority: 5,
      firstRetry: { case: "delay", value: { seconds: 2n, nanos: 1 } },
      ttl: { seconds: 60n },
    });
    expect(command).toMatchObject({
      requestId: "r1",
      queue: "orders",
      sourceId: "s1",
      dedupKey: "d1",
      // Rounded up, so never too early.
      delayMs: 2_001,
      dueAtMs: undefined,
      ttlMs: 60_000,
      retry: {},
    });
    expect(command.failure).toMatchObject({ reason: "WEBHOOK_FAILED", httpStatus: 503 });
    expect(fromBinary(EnvelopeSchema, command.encodeEnvelope("WEBHOOK_FAILED"))).toMatchObject({
      payload: PAYLOAD,
      attributes: { a: "1" },
      failure: { reason: Reason.WEBHOOK_FAILED, message: "boom", truncated: false },
      sourceId: "s1",
      dedupKey: "d1",
      orderingKey: "o1",
      origin: { service: "billing", coordinates: { offset: "7" } },
      traceContext: { traceparent: "00-1-2-01" },
      priority: 5,
    });
  });

  it("accepts a due time in the past", async () => {
    const command = await commandOf({
      firstRetry: { case: "dueTime", value: { seconds: 1n, nanos: 500_000_000 } },
    });
    expect(command).toMatchObject({ dueAtMs: 1_500, delayMs: undefined });
  });

  it("passes on the message's own retry settings", async () => {
    const command = await commandOf({
      maxRetries: 9,
      retryPolicy: { preset: "webhook", initialDelay: { seconds: 1n }, jitter: Jitter.NONE },
    });
    expect(command.retry).toEqual({
      maxRetries: 9,
      policy: { preset: "webhook", initialDelayMs: 1_000, jitter: "none" },
    });
  });

  it("hashes kind, content type and content of the payload", async () => {
    const payloads: Init["payload"][] = [
      { body: { case: "text", value: "ab" } },
      { body: { case: "data", value: new TextEncoder().encode("ab") } },
      { body: { case: "text", value: "b" }, contentType: "a" },
      { body: { case: "text", value: "ab" }, contentType: "a" },
      { body: { case: "text", value: "" } },
    ];
    const hashes = await Promise.all(
      payloads.map(async (payload) => {
        const { payloadHash } = await commandOf(payload === undefined ? {} : { payload });
        expect(payloadHash).toHaveLength(16);
        return Buffer.from(payloadHash).toString("hex");
      }),
    );
    expect(new Set(hashes).size).toBe(payloads.length);
    const again = await commandOf({ payload: { body: { case: "text", value: "ab" } } });
    expect(Buffer.from(again.payloadHash).toString("hex")).toBe(hashes[0]);
  });
});

describe("a failure is cut, never refused", () => {
  it("between characters, and is flagged", async () => {
    const { failure } = await commandOf({
      failure: {
        type: "x".repeat(513),
        // 4096 is not a multiple of 3: the last character is dropped as a whole.
        message: "€".repeat(2000),
        stackTrace: "😀".repeat(5000),
        attributes: Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`k${i}`, "v"])),
      },
    });
    const stored = fromBinary(FailureSchema, failure.encode("UNKNOWN_ERROR"));
    expect(stored.truncated).toBe(true);
    expect(stored.type).toBe("x".repeat(512));
    expect(stored.message).toBe("€".repeat(1365));
    expect(stored.stackTrace).toBe("😀".repeat(4096));
    expect(Object.keys(stored.attributes)).toHaveLength(32);
    expect(failure.message).toBe(stored.message);
  });

  it.each([
    ["a long key", { ["k".repeat(200)]: "v" }, { ["k".repeat(128)]: "v" }],
    ["a long value", { k: "v".repeat(2000) }, { k: "v".repeat(1024) }],
  ])("in its attributes: %s", async (_, attributes, cut) => {
    const { failure } = await commandOf({ failure: { attributes } });
    const stored = fromBinary(FailureSchema, failure.encode("TIMEOUT"));
    expect(stored).toMatchObject({ attributes: cut, truncated: true });
  });

  it("but not at its limits, even if the sender set truncated", async () => {
    const { failure } = await commandOf({
      failure: { type: "x".repeat(512), message: "y".repeat(4096), truncated: true },
    });
    expect(fromBinary(FailureSchema, failure.encode("TIMEOUT")).truncated).toBe(false);
  });

  it("keeps an unknown reason, and does not pass it to decisions", async () => {
    const { failure } = await commandOf({ failure: { reason: 77 as Reason } });
    expect(failure.reason).toBeUndefined();
    expect(fromBinary(FailureSchema, failure.encode("NETWORK_ERROR")).reason).toBe(77);
  });

  it("stores the categorized reason if none was sent", async () => {
    const { failure } = await commandOf({});
    expect(failure.reason).toBeUndefined();
    expect(fromBinary(FailureSchema, failure.encode("TIMEOUT")).reason).toBe(Reason.TIMEOUT);
  });

  it.each([
    ["a duration", { retryAfter: { seconds: 5n, nanos: 1 } }, 5_001, { seconds: 5n, nanos: 1 }],
    [
      "a long one, cut",
      { retryAfter: { seconds: 1n << 40n } },
      2_592_000_000,
      { seconds: 2_592_000n },
    ],
    ["a negative one, ignored", { retryAfter: { seconds: -1n } }, undefined, undefined],
    ["a malformed one, ignored", { retryAfter: { seconds: 1n, nanos: -1 } }, undefined, undefined],
    ["none", {}, undefined, undefined],
  ])("reads retry_after: %s", async (_name, sent, expected, expectedStored) => {
    const { failure, encodeEnvelope } = await commandOf({ failure: sent });
    expect(failure.retryAfterMs).toBe(expected);
    const stored = fromBinary(FailureSchema, failure.encode("TIMEOUT"));
    const envelope = fromBinary(EnvelopeSchema, encodeEnvelope("TIMEOUT"));
    for (const { retryAfter, truncated } of [stored, envelope.failure ?? stored]) {
      expect(truncated).toBe(false);
      if (expectedStored === undefined) expect(retryAfter).toBeUndefined();
      else expect(retryAfter).toMatchObject(expectedStored);
    }
  });

  it.each(["retry-after", "Retry-After", "RETRY-AFTER"])("finds the attribute %s", async (name) => {
    const attributes = { "x-retry-after": "1", [name]: "120" };
    const { failure } = await commandOf({ failure: { attributes } });
    expect(failure.retryAfterText).toBe("120");
  });

  it("keeps invalid codes, and does not pass them to decisions", async () => {
    const { failure } = await commandOf({ failure: { grpcCode: 99, httpStatus: 42 } });
    expect(failure).toMatchObject({ grpcCode: undefined, httpStatus: undefined });
    const stored = fromBinary(FailureSchema, failure.encode("TIMEOUT"));
    expect(stored).toMatchObject({ grpcCode: 99, httpStatus: 42 });
  });

  it("drops unknown fields, since no limit covers their size", async () => {
    const { failure, encodeEnvelope } = await commandOf({
      failure: {
        message: "m",
        $unknown: [{ no: 999, wireType: 2, data: new Uint8Array([3, 1, 2, 3]) }],
      },
    });
    expect(fromBinary(FailureSchema, failure.encode("TIMEOUT")).$unknown).toBeUndefined();
    const envelope = fromBinary(EnvelopeSchema, encodeEnvelope("TIMEOUT"));
    expect(envelope.failure?.$unknown).toBeUndefined();
  });
});

describe("a response of SendToDlq", () => {
  it("for a scheduled message", async () => {
    const rig = await createRig();
    const response = await clientOf(rig).sendToDlq({ queue: "orders", payload: PAYLOAD });
    expect(response).toMatchObject({
      id: MESSAGE_ID_TEXT,
      state: MessageState.SCHEDULED,
      reason: Reason.TIMEOUT,
      dueTime: { seconds: 1_700_000_000n, nanos: 123_000_000 },
      duplicate: false,
      quarantineReason: QuarantineReason.UNSPECIFIED,
    });
  });

  it("for a quarantined message", async () => {
    const rig = await createRig();
    rig.dlq.onSend = () =>
      scheduled({ state: "QUARANTINED", dueAtMs: undefined, quarantineReason: "POISON" });
    const response = await clientOf(rig).sendToDlq({ queue: "orders", payload: PAYLOAD });
    expect(response.state).toBe(MessageState.QUARANTINED);
    expect(response.quarantineReason).toBe(QuarantineReason.POISON);
    expect(response.dueTime).toBeUndefined();
  });

  it("for a send number that was used before", async () => {
    const rig = await createRig();
    rig.dlq.onSend = () => scheduled({ state: undefined, dueAtMs: undefined, duplicate: true });
    const sendNumber = { clientId: new Uint8Array(16).fill(3), number: 2n ** 53n - 1n };
    const request = { queue: "orders", payload: PAYLOAD, sendNumber };
    expect(await clientOf(rig).sendToDlq(request)).toMatchObject({
      id: "",
      state: MessageState.UNSPECIFIED,
      duplicate: true,
    });
    expect(rig.dlq.sent[0]?.sendNumber).toEqual({
      clientId: sendNumber.clientId,
      number: Number.MAX_SAFE_INTEGER,
    });
  });

  it("for a refused message", async () => {
    const rig = await createRig();
    rig.dlq.onSend = () => queueLimit("orders", "messages", 10);
    const error = await errorOf(clientOf(rig).sendToDlq({ queue: "orders", payload: PAYLOAD }));
    expect(error.code).toBe(Code.ResourceExhausted);
  });
});

describe("SendToDlqBatch", () => {
  it("accepts or refuses each request separately, in order", async () => {
    const rig = await createRig();
    rig.dlq.onSend = ({ queue }) =>
      queue === "full" ? queueLimit("full", "bytes", 1) : scheduled({ duplicate: queue === "b" });
    const { results } = await clientOf(rig).sendToDlqBatch({
      requests: [
        { queue: "a", payload: PAYLOAD },
        { queue: "not good", payload: PAYLOAD },
        { queue: "full", payload: PAYLOAD },
        { queue: "b", payload: PAYLOAD },
      ],
    });
    expect(rig.dlq.sent.map((one) => one.queue)).toEqual(["a", "full", "b"]);
    expect(results.map((one) => one.outcome.case)).toEqual([
      "response",
      "error",
      "error",
      "response",
    ]);
    expect(results[1]?.outcome.value).toMatchObject({ code: Code.InvalidArgument });
    expect(results[2]?.outcome.value).toMatchObject({ code: Code.ResourceExhausted });
    expect(results[3]?.outcome.value).toMatchObject({ duplicate: true });
  });

  it("reports the path of a wrong field in google.rpc details", async () => {
    const rig = await createRig();
    const { results } = await clientOf(rig).sendToDlqBatch({
      requests: [
        { queue: "a", payload: PAYLOAD },
        { queue: "", payload: PAYLOAD },
      ],
    });
    const outcome = results[1]?.outcome;
    if (outcome?.case !== "error") throw new Error("not refused");
    const found = outcome.value.details.flatMap((any) => anyUnpack(any, BadRequestSchema) ?? []);
    expect(found[0]?.fieldViolations[0]?.field).toBe("requests[1].queue");
  });

  it("calls no use case if no request is valid", async () => {
    const rig = await createRig();
    const { results } = await clientOf(rig).sendToDlqBatch({ requests: [{}] });
    expect(results).toHaveLength(1);
    expect(rig.dlq.sent).toEqual([]);
  });

  it.each([0, 1001])("is refused as a whole with %i requests", async (count) => {
    const rig = await createRig();
    const requests = Array.from({ length: count }, () => ({ queue: "a", payload: PAYLOAD }));
    const error = await errorOf(clientOf(rig).sendToDlqBatch({ requests }));
    expect(error.code).toBe(Code.InvalidArgument);
    expect(violationsOf(error)[0]?.field).toBe("requests");
    expect(rig.dlq.sent).toEqual([]);
  });

  it("accepts 1,000 requests", async () => {
    const rig = await createRig();
    const requests = Array.from({ length: 1000 }, () => ({ queue: "a", payload: PAYLOAD }));
    const { results } = await clientOf(rig).sendToDlqBatch({ requests });
    expect(results).toHaveLength(1000);
  });

  it("reveals only the id of a bug", async () => {
    const rig = await createRig();
    rig.dlq.onSend = () => internal(new Error("secret of somebody else"));
    const { results } = await clientOf(rig).sendToDlqBatch({
      requests: [{ queue: "a", payload: PAYLOAD }],
    });
    const outcome = results[0]?.outcome;
    if (outcome?.case !== "error") throw new Error("not refused");
    expect(outcome.value.code).toBe(Code.Internal);
    expect(outcome.value.message).not.toContain("secret");
    expect(rig.logged).toHaveLength(1);
    expect(outcome.value.message).toContain(rig.logged[0]?.fields.errorId);
  });

  it("fails as a whole if the use case does", async () => {
    const rig = await createRig();
    rig.dlq.onSend = () => {
      throw invalidField("x", "y");
    };
    const error = await errorOf(
      clientOf(rig).sendToDlqBatch({ requests: [{ queue: "a", payload: PAYLOAD }] }),
    );
    expect(error.code).toBe(Code.InvalidArgument);
  });
});
