import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, createClient } from "@connectrpc/connect";
import { beforeEach, expect, test } from "vitest";
import { EditsSchema } from "../../gen/dlq/storage/v1/edits_pb.ts";
import { EnvelopeSchema } from "../../gen/dlq/storage/v1/envelope_pb.ts";
import { DlqAdminService } from "../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { FailureSchema } from "../../gen/dlq/v1/failure_pb.ts";
import { TransformTarget } from "../../gen/dlq/v1/rule_pb.ts";
import { MessageState, QuarantineReason, Reason } from "../../gen/dlq/v1/state_pb.ts";
import { MessageEventKind } from "../../gen/dlq/v1/stored_message_pb.ts";
import type { MessageDetails, StoredEvent } from "../../src/app/messages/message-admin.ts";
import { encodeRetrySettings } from "../../src/codec/retry-settings.ts";
import { parseMessageId } from "../../src/core/message-id.ts";
import { createRig, errorOf, type Rig, transportOf, violationsOf } from "./in-memory.ts";
import { DETAILS, QUARANTINED } from "./scripted-messages.ts";

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});
const admin = () => createClient(DlqAdminService, transportOf(rig));

const ID = "01900000-0000-7000-8000-000000000001";
const CREATED_MS = 0x0190_0000_0000;

const envelope = (history = false) =>
  toBinary(
    EnvelopeSchema,
    create(EnvelopeSchema, {
      payload: { body: { case: "text", value: '{"to":"a"}' } },
      attributes: { tenant: "acme" },
      failure: { message: "as sent" },
      sourceId: "s-1",
      ...(history
        ? {
            importedHistory: {
              failures: [{ failure: { message: "imported" }, time: timestampFromMs(5_000) }],
            },
          }
        : {}),
    }),
  );

async function shown(over: Partial<MessageDetails> = {}) {
  rig.messages.details = { ...DETAILS, envelope: envelope(), ...over };
  const { message } = await admin().getMessage({ queue: "orders", id: ID });
  if (message === undefined) throw new Error("no message");
  return message;
}

test("a message that cannot be read fails with its id and what to do", async () => {
  const error = await errorOf(shown({ envelope: Uint8Array.of(0xff) }));
  expect(error.code).toBe(Code.DataLoss);
  expect(error.rawMessage).toMatch(`message ${ID} of queue orders is damaged`);
  expect(error.rawMessage).toContain("restore");
});

test("a message has what a worker would get, and where it is", async () => {
  const stored = await shown();
  expect(stored).toMatchObject({
    message: {
      ...{ id: ID, queue: "orders", sourceId: "s-1", attributes: { tenant: "acme" } },
      payload: { body: { case: "text", value: '{"to":"a"}' } },
      ...{ reason: Reason.TIMEOUT, failureCount: 3, attempts: 2, edited: false },
      failure: { message: "as sent" },
    },
    state: MessageState.SCHEDULED,
    ...{ deliveryCount: 3, releaseCount: 1, expiredLeaseCount: 1, unknownOutcomeCount: 1 },
    ...{ isolated: false, movingTo: "", sizeBytes: 99 },
    failures: [{ failure: { message: "as sent" }, time: timestampFromMs(CREATED_MS) }],
    edits: [],
  });
  expect(stored.stateTime && timestampMs(stored.stateTime)).toBe(10_000);
  expect(stored.message?.createTime && timestampMs(stored.message.createTime)).toBe(CREATED_MS);
  expect([stored.lease, stored.original, stored.retryPolicy]).toEqual([
    ...[undefined, undefined, undefined],
  ]);
  expect(rig.messages.asked).toEqual([
    { queue: "orders", showRedacted: false, id: parseMessageId(ID) },
  ]);
});

const ATTEMPT = {
  ...{ startedAtMs: 6_000, endedAtMs: 7_000, delivery: 2, exempt: false },
  ...{ workerId: "billing-1", server: "node-1", decision: "again in 5 s" },
};

test("failures come in their order: imported, as sent, and later ones", async () => {
  const failure = (message: string) => toBinary(FailureSchema, create(FailureSchema, { message }));
  const { failures, message } = await shown({
    envelope: envelope(true),
    laterFailures: [
      { failure: failure("second"), attempt: undefined },
      { failure: failure("third"), attempt: ATTEMPT },
    ],
  });
  expect(failures.map((one) => [one.failure?.message, one.imported])).toEqual([
    ["imported", true],
    ["as sent", false],
    ["second", false],
    ["third", false],
  ]);
  const times = failures.map(({ time }) => time && timestampMs(time));
  expect(times).toEqual([5_000, undefined, undefined, 7_000]);
  expect(failures[3]).toMatchObject({
    ...{ workerId: "billing-1", server: "node-1", deliveryNumber: 2, decision: "again in 5 s" },
    startTime: timestampFromMs(6_000),
  });
  expect(message?.failure?.message).toBe("third");
});

test("the failure of the send says what was decided", async () => {
  const decisionOf = async (stored: object, over: Partial<MessageDetails> = {}) => {
    const encoded = toBinary(EnvelopeSchema, create(EnvelopeSchema, stored));
    const { failures } = await shown({ envelope: encoded, deliveries: 0, ...over });
    return failures[0]?.decision;
  };
  const poison = { state: "QUARANTINED", quarantineReason: "POISON" } as const;
  const numbered = { decisionNumber: 4 };
  expect(await decisionOf(numbered)).toBe("first delay from preset network");
  expect(await decisionOf({ decision: "rule a quarantines it" })).toBe("rule a quarantines it");
  expect(await decisionOf({})).toBe("");
  expect(await decisionOf(numbered, poison)).toContain("its source_id was sent too often");
  expect(await decisionOf(numbered, { ...poison, deliveries: 1 })).toContain("first delay");
});

test("a failure that did not count says why", async () => {
  const failure = toBinary(FailureSchema, create(FailureSchema, { message: "no" }));
  const attempt = { ...ATTEMPT, exempt: true };
  const { failures } = await shown({ laterFailures: [{ failure, attempt }] });
  expect(failures[1]?.decision).toMatch(/^not counted: the breaker had opened/);
});

test("events say what happened, when, and who or what took part", async () => {
  const retried: StoredEvent = {
    ...{ kind: "RETRIED", atMs: 10_000, startedAtMs: undefined, delivery: 2, note: "" },
    ...{ quarantineReason: undefined, workerId: undefined, server: undefined },
    ...{ caller: "ann", queue: undefined },
  };
  const { events } = await shown({ events: [QUARANTINED, retried] });
  expect(events).toMatchObject([
    {
      ...{ kind: MessageEventKind.QUARANTINED, time: timestampFromMs(9_000) },
      ...{ startTime: timestampFromMs(8_000), workerId: "billing-1", server: "node-1" },
      ...{ deliveryNumber: 2, quarantineReason: QuarantineReason.WORKER_REQUEST, caller: "" },
      ...{ queue: "", note: "no such card: 4111-1" },
    },
    {
      ...{ kind: MessageEventKind.RETRIED, time: timestampFromMs(10_000), caller: "ann" },
      ...{ workerId: "", quarantineReason: QuarantineReason.UNSPECIFIED, note: "" },
    },
  ]);
  expect(events[1]?.startTime).toBeUndefined();
});

test("an edited message has both contents and its edits", async () => {
  const edits = create(EditsSchema, {
    payload: { body: { case: "text", value: '{"to":"b"}' } },
    edits: [
      {
        ...{ who: "rule fix", time: timestampFromMs(7_000), target: TransformTarget.PAYLOAD },
        ...{ patch: "[1]", inverse: "[2]" },
      },
    ],
    applied: [new Uint8Array(16)],
  });
  const stored = await shown({ edits: toBinary(EditsSchema, edits) });
  expect(stored).toMatchObject({
    message: { edited: true, editCount: 1, payload: { body: { value: '{"to":"b"}' } } },
    original: { payload: { body: { value: '{"to":"a"}' } }, attributes: { tenant: "acme" } },
    edits: [{ source: "rule fix", target: TransformTarget.PAYLOAD, patch: "[1]", inverse: "[2]" }],
  });
});

test("lease, quarantine, move and own policy are there if the message has them", async () => {
  const held = await shown({ state: "IN_FLIGHT", leaseExpireAtMs: 40_000, workerId: "w" });
  expect(held).toMatchObject({ state: MessageState.IN_FLIGHT, lease: { workerId: "w" } });
  expect(held.lease?.startTime && timestampMs(held.lease.startTime)).toBe(10_000);
  expect(held.lease?.expireTime && timestampMs(held.lease.expireTime)).toBe(40_000);
  const poison = await shown({ state: "QUARANTINED", quarantineReason: "POISON" });
  expect(poison.quarantineReason).toBe(QuarantineReason.POISON);
  const retrySettings = encodeRetrySettings({ maxRetries: 3, policy: { initialDelayMs: 1_000 } });
  expect(await shown({ movesTo: "late", retrySettings })).toMatchObject({
    ...{ movingTo: "late", maxRetries: 3 },
    retryPolicy: { initialDelay: { seconds: 1n } },
  });
});

test("Explain is about a message or, without an id, about its queue", async () => {
  rig.messages.explanations = [{ text: "It waits.", untilMs: 5_000 }, { text: "No worker." }];
  const { explanations } = await admin().explain({ queue: "orders", id: ID });
  expect(explanations).toMatchObject([{ text: "It waits." }, { text: "No worker." }]);
  expect(explanations.map(({ until }) => until && timestampMs(until))).toEqual([5_000, undefined]);
  await admin().explain({ queue: "orders" });
  expect(rig.messages.explained).toEqual([{ queue: "orders", id: parseMessageId(ID) }, "orders"]);
  for (const request of [{ queue: "orders", id: "7" }, { queue: "" }]) {
    expect((await errorOf(admin().explain(request))).code).toBe(Code.InvalidArgument);
  }
});

test("queue and id are checked", async () => {
  const error = await errorOf(admin().getMessage({ queue: "not ok", id: "7" }));
  expect(error.code).toBe(Code.InvalidArgument);
  expect(violationsOf(error).map(({ field }) => field)).toEqual(["queue", "id"]);
});
