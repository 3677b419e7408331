// What answers about messages hide, and who is logged as having asked for it.

import { create, type MessageInitShape, toBinary, toJsonString } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import fc from "fast-check";
import { beforeEach, expect, test } from "vitest";
import { type Edits, EditsSchema } from "../../gen/dlq/storage/v1/edits_pb.ts";
import { EnvelopeSchema } from "../../gen/dlq/storage/v1/envelope_pb.ts";
import { DlqAdminService, MessageView } from "../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { FailureSchema } from "../../gen/dlq/v1/failure_pb.ts";
import { TransformTarget } from "../../gen/dlq/v1/rule_pb.ts";
import { StoredMessageSchema } from "../../gen/dlq/v1/stored_message_pb.ts";
import { parseMessageId } from "../../src/core/message-id.ts";
import { clientOf, createRig, type Rig, type RigOptions, transportOf } from "./in-memory.ts";
import { DETAILS, QUARANTINED } from "./scripted-messages.ts";

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
  rig.messages.redact = ["/card", "attribute:token"];
});
const admin = () => createClient(DlqAdminService, transportOf(rig));

const ID = "01900000-0000-7000-8000-000000000001";

type FailureInit = MessageInitShape<typeof FailureSchema>;
interface Stored {
  payload: string;
  token: string;
  edits?: MessageInitShape<typeof EditsSchema>;
  failure?: FailureInit;
}

/** A message with the same failure on its send, imported, and on its attempt. */
function script({ payload, token, edits, failure = {} }: Stored): void {
  const envelope = create(EnvelopeSchema, {
    ...{
      payload: { body: { case: "text", value: payload } },
      attributes: { Token: token, a: "b" },
    },
    ...{ failure, sourceId: "s-1", importedHistory: { failures: [{ failure }] } },
  });
  const later = toBinary(FailureSchema, create(FailureSchema, failure));
  const record: Edits | undefined = edits && create(EditsSchema, edits);
  rig.messages.details = {
    ...{ ...DETAILS, envelope: toBinary(EnvelopeSchema, envelope) },
    laterFailures: [{ failure: later, attempt: undefined }],
    edits: record && toBinary(EditsSchema, record),
  };
}

async function shown(showRedacted = false) {
  const { message } = await admin().getMessage({ queue: "orders", id: ID, showRedacted });
  if (message === undefined) throw new Error("no message");
  return message;
}

const EDITS = {
  payload: { body: { case: "text" as const, value: '{"card":"4222-2","n":1.0}' } },
  ...{ attributesEdited: true, attributes: { token: "t-2" }, applied: [new Uint8Array(16)] },
  edits: [
    {
      who: "Retry by ops",
      target: TransformTarget.PAYLOAD,
      patch: '[{"op":"replace","path":"/card","value":"4222-2"}]',
      inverse: '[{"op":"replace","path":"/card","value":"4111-1"}]',
    },
    {
      who: "Retry by ops",
      target: TransformTarget.ATTRIBUTES,
      patch: '[{"op":"add","path":"/token","value":"t-2"}]',
    },
    { who: "a newer version", target: 77 as TransformTarget, patch: "4111-1", inverse: "" },
  ],
};

test("a message shows neither hidden values nor texts that quote them", async () => {
  script({
    ...{ payload: '{"card":"4111-1","n":1.0}', token: "t-1-secret", edits: EDITS },
    failure: {
      ...{ type: "CardRefused", message: "refused: 4111-1", stackTrace: "at pay(4222-2)" },
      attributes: { TOKEN: "x", header: "token t-1-secret" },
    },
  });
  const stored = await shown();
  expect(stored).toMatchObject({
    message: {
      payload: { body: { case: "text", value: '{"card":"[redacted]","n":1.0}' } },
      ...{ attributes: { token: "[redacted]" }, sourceId: "s-1", edited: true },
    },
    original: {
      payload: { body: { value: '{"card":"[redacted]","n":1.0}' } },
      attributes: { Token: "[redacted]", a: "b" },
    },
    edits: [
      {
        source: "Retry by ops",
        patch: '[{"op":"replace","path":"/card","value":"[redacted]"}]',
        inverse: '[{"op":"replace","path":"/card","value":"[redacted]"}]',
      },
      { patch: '[{"op":"add","path":"/token","value":"[redacted]"}]' },
      { patch: "[redacted]", inverse: "" },
    ],
    redacted: ["/card", "attribute:token"],
  });
  expect(stored.failures).toHaveLength(3);
  for (const { failure } of [...stored.failures, { failure: stored.message?.failure }]) {
    expect(failure).toMatchObject({
      ...{ type: "CardRefused", message: "refused: [redacted]", stackTrace: "at pay([redacted])" },
      attributes: { TOKEN: "[redacted]", header: "token [redacted]" },
    });
  }
});

test("the sender's own fingerprint of a failure does not quote hidden values", async () => {
  const failure = { type: "CardRefused", fingerprint: "refused-4111-1" };
  script({ payload: '{"card":"4111-1"}', token: "", failure });
  const { failures, message } = await shown();
  for (const one of [...failures.map(({ failure }) => failure), message?.failure]) {
    expect(one).toMatchObject({ type: "CardRefused", fingerprint: "refused-[redacted]" });
  }
  script({ payload: "no JSON", token: "", failure });
  expect((await shown()).message?.failure?.fingerprint).toBe("[redacted]");
});

test("a basic view names what is hidden in parts that it leaves out", async () => {
  script({ payload: '{"card":"4111-1"}', token: "t", edits: EDITS, failure: { message: "no" } });
  const details = { ...(rig.messages.details ?? DETAILS), events: [QUARANTINED] };
  const id = parseMessageId(ID) as Uint8Array;
  rig.messages.listed = [{ queue: "orders", id, details }];
  const { messages } = await admin().listMessages({ view: MessageView.BASIC });
  expect(messages).toMatchObject([
    { edits: [], events: [], redacted: ["/card", "attribute:token", "notes"] },
  ]);
  expect(messages[0]?.original).toBeUndefined();
  expect(messages[0]?.message?.payload).toBeUndefined();
});

test("no failure quotes a hidden attribute of another one", async () => {
  script({ payload: "{}", token: "" });
  const failures = [{ message: "401 for s3cret" }, { attributes: { token: "s3cret" } }];
  const bytes = failures.map((one) => toBinary(FailureSchema, create(FailureSchema, one)));
  const laterFailures = bytes.map((failure) => ({ failure, attempt: undefined }));
  rig.messages.details = { ...(rig.messages.details ?? DETAILS), laterFailures };
  const messages = (await shown()).failures.map(({ failure }) => failure?.message);
  expect(messages).toContain("401 for [redacted]");
});

test("a message is whole for a caller who asks, and in a queue that hides nothing", async () => {
  script({ payload: '{"card":"4111-1"}', token: "t-1", edits: EDITS });
  rig.messages.redact = [];
  const whole = await shown();
  expect(whole.redacted).toEqual([]);
  expect(toJsonString(StoredMessageSchema, whole)).toContain("4111-1");
  await shown(true);
  expect(rig.messages.asked.map(({ showRedacted }) => showRedacted)).toEqual([false, true]);
});

test("a payload that is no JSON is withheld with the texts of its failures", async () => {
  script({ payload: "card=4111-1", token: "", failure: { type: "E", message: "bad card" } });
  expect(await shown()).toMatchObject({
    message: { payload: { body: { value: "[redacted]" } }, failure: { message: "[redacted]" } },
    redacted: ["attribute:token", "failures", "payload"],
  });
});

test("a worker's note is withheld, whatever it says", async () => {
  script({ payload: '{"card":"4111-1"}', token: "" });
  const note = "nothing to see";
  const events = [QUARANTINED, { ...QUARANTINED, note }, { ...QUARANTINED, note: "" }];
  rig.messages.details = { ...(rig.messages.details ?? DETAILS), events };
  const stored = await shown();
  expect(stored.events.map((event) => event.note)).toEqual(["[redacted]", "[redacted]", ""]);
  expect(stored.redacted).toContain("notes");
  rig.messages.redact = [];
  expect((await shown()).events.map((event) => event.note)).toContain(note);
});

test("a list hides the same in both views, and counts it", async () => {
  script({ payload: '{"card":"4111-1"}', token: "t", failure: { message: "no 4111-1" } });
  const id = parseMessageId(ID) as Uint8Array;
  rig.messages.listed = [{ queue: "orders", id, details: rig.messages.details ?? DETAILS }];
  rig.messages.page = { next: undefined, examined: 3, redacted: 2, damaged: 0 };
  for (const view of [MessageView.BASIC, MessageView.FULL]) {
    const { messages, redactedCount } = await admin().listMessages({ view });
    expect(redactedCount).toBe(2n);
    expect(messages).toMatchObject([
      {
        message: { failure: { message: "no [redacted]" } },
        redacted: ["/card", "attribute:token"],
      },
    ]);
  }
});

/** Begins each hidden value, so that nothing else has it by chance. */
const MARK = "Q7xW";

test("no value of a hidden path is in an answer, whatever the message", async () => {
  const text = fc.string({ unit: "grapheme", maxLength: 12 }).map((rest) => `${MARK}${rest}`);
  const secret = fc.oneof(
    text,
    fc.array(text, { maxLength: 3 }),
    fc.dictionary(fc.string({ maxLength: 4 }), text, { maxKeys: 3 }),
  );
  const payload = fc.tuple(secret, fc.jsonValue({ maxDepth: 2 })).map(([card, other]) => ({
    ...{ a: other, card, z: other },
  }));
  await fc.assert(
    fc.asyncProperty(payload, payload, text, fc.nat(1), async (sent, edited, token, indent) => {
      const json = JSON.stringify(sent, undefined, indent);
      const after = JSON.stringify(edited);
      const replace = (value: unknown) => JSON.stringify([{ op: "replace", path: "", value }]);
      script({
        ...{ payload: json, token },
        failure: {
          ...{ message: `${token}: ${json}`, stackTrace: after, attributes: { json, after } },
        },
        edits: {
          payload: { body: { case: "data", value: new TextEncoder().encode(after) } },
          edits: [
            { target: TransformTarget.PAYLOAD, patch: replace(edited), inverse: replace(sent) },
          ],
        },
      });
      const answer = await shown();
      const bytes = Buffer.from(toBinary(StoredMessageSchema, answer));
      expect(bytes.includes(MARK)).toBe(false);
      const body = answer.original?.payload?.body.value as string;
      expect(JSON.parse(body)).toEqual({ ...JSON.parse(json), card: "[redacted]" });
    }),
    { numRuns: 300 },
  );
});

test.each<[RigOptions, string | undefined, string]>([
  [{ tokens: ["secret-of-ops"] }, "secret-of-ops", "token-1"],
  [{}, undefined, "anonymous"],
])("who asks is logged, and nobody else (row %#)", async (options, token, caller) => {
  rig = await createRig(options);
  script({ payload: "{}", token: "t" });
  const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
  const filter = 'payload.contains("a")';
  const callAll = async (showRedacted: boolean) => {
    await admin().getMessage({ queue: "orders", id: ID, showRedacted }, { headers });
    await admin().listMessages({ queue: "orders-*", filter, showRedacted }, { headers });
    const counted = admin().countMessages({ queue: "*", filter, showRedacted }, { headers });
    for await (const _ of counted);
    const retry = { queue: "orders", dryRun: true, showRedacted };
    await clientOf(rig).retry({ ...retry, ids: [ID] }, { headers });
    await clientOf(rig).retry({ ...retry, filter: {}, expectedCount: 0 }, { headers });
  };
  await callAll(false);
  expect(rig.logged).toEqual([]);
  await callAll(true);
  const line = (call: string, queue: string, what: object) => ({
    fields: { caller, address: "", call, queue, ...what },
    message: "redacted content shown",
  });
  expect(rig.logged).toEqual([
    line("GetMessage", "orders", { id: ID }),
    line("ListMessages", "orders-*", { filter }),
    line("CountMessages", "*", { filter }),
    line("Retry", "orders", { ids: [ID] }),
    line("Retry", "orders", { filter: "{}" }),
  ]);
  expect(rig.messages.command?.showRedacted).toBe(true);
  expect(rig.messages.counted?.showRedacted).toBe(true);
  expect(rig.dlq.retried.map(({ showRedacted }) => showRedacted)).toEqual([
    ...[false, false, true, true],
  ]);
});
