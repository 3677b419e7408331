import { create, toBinary } from "@bufbuild/protobuf";
import { Code, createClient } from "@connectrpc/connect";
import { beforeEach, expect, test } from "vitest";
import { EnvelopeSchema } from "../../gen/dlq/storage/v1/envelope_pb.ts";
import { DlqAdminService, MessageView } from "../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { FailureSchema } from "../../gen/dlq/v1/failure_pb.ts";
import type { MessageDetails } from "../../src/app/messages/message-admin.ts";
import { parseMessageId } from "../../src/core/message-id.ts";
import { createRig, errorOf, type Rig, transportOf, violationsOf } from "./in-memory.ts";
import { DETAILS, QUARANTINED } from "./scripted-messages.ts";

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});
const admin = () => createClient(DlqAdminService, transportOf(rig));

const idOf = (n: number) => `01900000-0000-7000-8000-${String(n).padStart(12, "0")}`;
const bytesOf = (n: number) => parseMessageId(idOf(n)) as Uint8Array;

function details(payload: string): MessageDetails {
  const envelope = create(EnvelopeSchema, {
    payload: { body: { case: "text", value: payload } },
    attributes: { tenant: "acme" },
    failure: { message: "as sent", stackTrace: "at a\nat b" },
  });
  const later = create(FailureSchema, { message: "later", stackTrace: "at c" });
  return {
    ...DETAILS,
    envelope: toBinary(EnvelopeSchema, envelope),
    laterFailures: [{ failure: toBinary(FailureSchema, later), attempt: undefined }],
    events: [QUARANTINED],
  };
}

function script(count: number, payload = "{}"): void {
  rig.messages.listed = Array.from({ length: count }, (_, n) => ({
    ...{ queue: "orders", id: bytesOf(n), details: details(payload) },
  }));
}

test("a request says what to list, with defaults", async () => {
  await admin().listMessages({});
  expect(rig.messages.command).toMatchObject({
    ...{ newestFirst: false, pageSize: 100, after: undefined },
    queues: { prefix: "", only: undefined },
  });
  await admin().listMessages({ queue: "orders", pageSize: 7, newestFirst: true });
  expect(rig.messages.command).toMatchObject({
    ...{ newestFirst: true, pageSize: 7 },
    queues: { only: "orders" },
  });
});

test("the basic view has no payload, attributes, stack traces and earlier failures", async () => {
  script(1, "secret");
  const { messages } = await admin().listMessages({});
  expect(messages).toHaveLength(1);
  const [one] = messages;
  expect(one).toMatchObject({
    message: { id: idOf(0), queue: "orders", failure: { message: "later", stackTrace: "" } },
    failures: [{ failure: { message: "later", stackTrace: "" } }],
    ...{ edits: [], events: [] },
  });
  expect(one?.message?.payload).toBeUndefined();
  expect(one?.message?.attributes).toEqual({});
  expect(one?.original).toBeUndefined();
});

test("the full view is that of GetMessage", async () => {
  script(1);
  rig.messages.details = details("{}");
  const { messages } = await admin().listMessages({ view: MessageView.FULL });
  const { message } = await admin().getMessage({ queue: "orders", id: idOf(0) });
  expect(messages).toEqual([message]);
});

test("a page ends before it is too large, and has at least one message", async () => {
  script(20, "x".repeat(300_000));
  const full = await admin().listMessages({ view: MessageView.FULL });
  expect(full.messages).toHaveLength(3);
  expect((await admin().listMessages({})).messages).toHaveLength(20);
  script(2, "x".repeat(2_000_000));
  expect((await admin().listMessages({ view: MessageView.FULL })).messages).toHaveLength(1);
});

test("the answer has the number of damaged messages", async () => {
  rig.messages.page = { next: undefined, examined: 3, redacted: 0, damaged: 2 };
  expect((await admin().listMessages({})).damagedCount).toBe(2n);
});

test("only the full view reads the history", async () => {
  for (const view of [MessageView.UNSPECIFIED, MessageView.BASIC, MessageView.FULL]) {
    await admin().listMessages({ view });
    expect(rig.messages.command?.history).toBe(view === MessageView.FULL);
  }
});

test("a page token leads back to its place", async () => {
  const query = { queue: "orders-*", filter: "attempts > 2", newestFirst: true };
  // Behind a whole chunk, in either order, the id is the last or the first possible one.
  const ends = [0, 255].map((byte) => ({ chunk: 8, id: new Uint8Array(16).fill(byte) }));
  for (const message of [{ chunk: 7, id: bytesOf(5) }, ...ends, undefined]) {
    rig.messages.page = {
      next: { queue: "orders-eu", message },
      examined: 12,
      redacted: 0,
      damaged: 0,
    };
    const { nextPageToken: pageToken, examinedCount } = await admin().listMessages(query);
    expect(examinedCount).toBe(12n);
    await admin().listMessages({ ...query, pageToken, pageSize: 3 });
    expect(rig.messages.command?.after).toEqual({ queue: "orders-eu", message });
  }
  rig.messages.page = { next: undefined, examined: 0, redacted: 0, damaged: 0 };
  expect((await admin().listMessages(query)).nextPageToken).toBe("");
});

test("a page token belongs to one query", async () => {
  rig.messages.page = {
    next: { queue: "a", message: undefined },
    examined: 0,
    redacted: 0,
    damaged: 0,
  };
  const { nextPageToken: pageToken } = await admin().listMessages({ filter: "attempts > 2" });
  for (const other of [{ filter: "attempts > 3" }, { filter: "attempts > 2", newestFirst: true }]) {
    const error = await errorOf(admin().listMessages({ ...other, pageToken }));
    expect(error.code).toBe(Code.InvalidArgument);
    expect(violationsOf(error)[0]?.description).toContain("another queue, filter or order");
  }
});

test.each([
  [{ queue: "not ok" }, "queue", /neither the name of a queue nor a pattern/],
  [{ pageSize: 1_001 }, "page_size", /at most 1000/],
  [{ filter: "state == 5" }, "filter", /at character \d+: string == int is not defined/],
  [{ pageToken: "???" }, "page_token", /is not a next_page_token/],
  [{ pageToken: "YS9iL2MvZA" }, "page_token", /is not a next_page_token/],
])("%j is refused with its field", async (request, field, why) => {
  const error = await errorOf(admin().listMessages(request));
  expect(error.code).toBe(Code.InvalidArgument);
  expect(violationsOf(error)).toEqual([{ field, description: expect.stringMatching(why) }]);
});
