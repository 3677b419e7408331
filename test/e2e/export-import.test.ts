// Messages go from one deployment to another with all that they have, in each state.

import { clone, create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ImportOutcome } from "../../gen/dlq/v1/dlq_admin_service_pb.ts";
import {
  type ExportedMessage,
  ExportedMessageSchema,
} from "../../gen/dlq/v1/exported_message_pb.ts";
import { TransformTarget } from "../../gen/dlq/v1/rule_pb.ts";
import { MessageState, QuarantineReason, Reason } from "../../gen/dlq/v1/state_pb.ts";
import {
  MessageEventKind,
  MessageEventSchema,
  StoredMessageSchema,
} from "../../gen/dlq/v1/stored_message_pb.ts";
import { errorOf } from "../rpc/in-memory.ts";
import { connectTo, msOf, sendAll, statsOf, type TestClient } from "../support/grpc.ts";
import {
  blob,
  dueIn,
  failed,
  quarantined,
  retriesAtOnce,
  sendRequest,
  sendRequests,
  succeeded,
  text,
} from "../support/send-requests.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { Worker } from "../support/worker.ts";

const HOUR_MS = 3_600_000;
const POISON = { failure: { reason: Reason.POISON_MESSAGE } };

let servers: TestServer[];
let from: TestClient;
let to: TestClient;
beforeAll(async () => {
  servers = await Promise.all([startTestServer(), startTestServer()]);
  [from, to] = servers.map(({ grpcAddress }) => connectTo(grpcAddress)) as [TestClient, TestClient];
});
afterAll(async () => {
  from?.close();
  to?.close();
  await Promise.all((servers ?? []).map((server) => server.stop()));
});

interface Selection {
  queue: string;
  filter?: string;
  showRedacted?: boolean;
}

async function exported(selection: Selection, client = from): Promise<ExportedMessage[]> {
  const messages: ExportedMessage[] = [];
  for await (const page of client.admin.exportMessages(selection)) messages.push(...page.messages);
  return messages;
}

const idsOf = (messages: readonly ExportedMessage[]) =>
  messages.map(({ stored }) => stored?.message?.id ?? "");

const OUTCOMES = new Map<number, string>(
  Object.entries(ImportOutcome).map(([name, number]) => [number, name]),
);

async function imported(
  messages: ExportedMessage[],
  { importId = "an-export", queue = "", dryRun = false } = {},
): Promise<string[]> {
  const { results } = await to.admin.importMessages({ importId, queue, dryRun, messages });
  return results.map(({ outcome, error }) => error?.message ?? OUTCOMES.get(outcome) ?? "");
}

/** What an import keeps: all but times and events of the import itself. */
function lasting(message: ExportedMessage): ExportedMessage {
  const copy = clone(ExportedMessageSchema, message);
  const { stored = create(StoredMessageSchema) } = copy;
  delete stored.stateTime;
  stored.events = stored.events.filter(({ kind }) => kind !== MessageEventKind.IMPORTED);
  // It came from elsewhere.
  copy.moveCount = Math.max(1, copy.moveCount);
  return copy;
}

/** Imports what a queue has, and checks that it is the same there. */
async function bringOver(queue: string): Promise<ExportedMessage[]> {
  const messages = await exported({ queue });
  expect(new Set(await imported(messages))).toEqual(new Set(["IMPORTED"]));
  expect((await exported({ queue }, to)).map(lasting)).toEqual(messages.map(lasting));
  return messages;
}

it("a scheduled message keeps its content, history, keys, retry settings and times", async () => {
  const queue = "whole";
  await from.dlq.sendToDlq(
    sendRequest(queue, {
      payload: { body: { case: "data", value: Uint8Array.of(0, 255, 10) }, contentType: "x/y" },
      attributes: { tenant: "acme" },
      failure: { type: "Boom", message: "no", stackTrace: "at f", attributes: { host: "h" } },
      ...{ sourceId: "src", dedupKey: "dedup", orderingKey: "order", priority: 7 },
      origin: { service: "shop", instance: "i", version: "1", coordinates: { topic: "t" } },
      traceContext: { traceparent: "00-1", tracestate: "a=b" },
      ...{ ...dueIn(HOUR_MS), ttl: durationFromMs(2 * HOUR_MS), maxRetries: 9 },
      retryPolicy: { preset: "network", maxElapsed: durationFromMs(HOUR_MS) },
      importedHistory: {
        ...{ attempts: 2, failures: [{ failure: { type: "First" }, time: timestampFromMs(5) }] },
        firstFailureTime: timestampFromMs(Date.now() - HOUR_MS / 2),
      },
    }),
  );
  const [message] = await bringOver(queue);
  const id = message?.stored?.message?.id ?? "";
  const { message: there } = await to.admin.getMessage({ queue, id });
  expect(there?.events).toMatchObject([{ kind: MessageEventKind.IMPORTED, queue }]);
  expect((await statsOf(to.dlq, queue)).totals?.accepted).toBe(1n);
});

it("a quarantined message keeps its attempts and edits; Retry delivers it as edited", async () => {
  const queue = "tried";
  const sent = { ...retriesAtOnce(0), payload: text('{"total":"x"}'), ...POISON };
  const { id } = await from.dlq.sendToDlq(sendRequest(queue, sent));
  const transforms = [
    {
      target: TransformTarget.PAYLOAD,
      patch: { case: "mergePatch" as const, value: '{"total":3}' },
    },
  ];
  await from.dlq.retry({ queue, ids: [id], transforms });
  const worker = await Worker.open(from.dlq, { queues: [queue], workerId: "w-1" });
  await worker.settle(await worker.next(), failed({ failure: { type: "Again" } }));
  await worker.close();

  const [message] = await bringOver(queue);
  expect(message?.stored).toMatchObject({
    state: MessageState.QUARANTINED,
    quarantineReason: QuarantineReason.RETRIES_EXHAUSTED,
    failures: [{ failure: { reason: Reason.POISON_MESSAGE } }, { workerId: "w-1" }],
  });
  // The same transform is not applied twice, also there.
  await to.dlq.retry({ queue, ids: [id], transforms });
  const there = await Worker.open(to.dlq, { queues: [queue] });
  expect((await there.next()).message).toMatchObject({
    ...{ id, editCount: 1, payload: { body: { value: '{"total":3}' } } },
  });
  await there.close();
});

it("a message in flight is due again, and its outcome counts as unknown", async () => {
  const queue = "held";
  await from.dlq.sendToDlq(sendRequest(queue));
  const worker = await Worker.open(from.dlq, { queues: [queue] });
  const held = await worker.next();
  expect(await imported(await exported({ queue }))).toEqual(["IMPORTED"]);
  const there = await Worker.open(to.dlq, { queues: [queue] });
  const received = await there.next();
  expect(received.delivery).toMatchObject({ deliveryNumber: 2, outcomeUnknown: true });
  expect(received.message.id).toBe(held.message.id);
  await there.settle(received, quarantined);
  await Promise.all([there.close(), worker.close()]);
});

it("a thousand messages come over once, whatever is repeated", async () => {
  const queue = "many";
  await sendAll(from.dlq, [
    ...sendRequests(600, queue, dueIn(HOUR_MS)),
    ...sendRequests(600, queue, POISON),
  ]);
  const messages = await exported({ queue });
  expect(new Set(idsOf(messages)).size).toBe(1_200);
  const parts = [messages.slice(0, 700), messages.slice(500)];
  const outcomes = (await Promise.all(parts.map((part) => imported(part)))).flat();
  expect(outcomes.filter((outcome) => outcome === "IMPORTED")).toHaveLength(1_200);
  expect(outcomes.filter((outcome) => outcome === "ALREADY_THERE")).toHaveLength(200);
  expect(await statsOf(to.dlq, queue)).toMatchObject({ scheduled: 600n, quarantined: 600n });
  expect(new Set(idsOf(await exported({ queue }, to)))).toEqual(new Set(idsOf(messages)));
});

it("a message that was processed since is stored again only by another import", async () => {
  const queue = "again";
  await from.dlq.sendToDlq(sendRequest(queue));
  const messages = await exported({ queue });
  await imported(messages, { importId: "one" });
  const worker = await Worker.open(to.dlq, { queues: [queue] });
  await worker.settle(await worker.next(), succeeded);
  await worker.close();
  expect(await imported(messages, { importId: "one" })).toEqual(["ALREADY_THERE"]);
  expect(await imported(messages, { importId: "two", dryRun: true })).toEqual(["IMPORTED"]);
  expect(await imported(messages, { importId: "two" })).toEqual(["IMPORTED"]);
});

it("goes into another queue, and each message is accepted or refused by itself", async () => {
  const queue = "apart";
  await sendAll(from.dlq, sendRequests(4, queue, POISON));
  const [wrong, nameless, ...sound] = await exported({ queue });
  if (wrong?.stored?.message === undefined || nameless?.stored?.message === undefined)
    throw new Error("nothing was exported");
  wrong.stored.message.id = "00000000-0000-4000-8000-000000000000";
  wrong.stored.failures = [];
  nameless.stored.message.queue = "x".repeat(300);
  const outcomes = await imported([wrong, nameless, ...sound], { queue: "apart-2" });
  expect(outcomes).toEqual([
    expect.stringContaining("messages[0].stored"),
    expect.stringContaining("messages[1].stored.message.queue"),
    ...["IMPORTED", "IMPORTED"],
  ]);
  expect(idsOf(await exported({ queue: "apart-2" }, to))).toEqual(idsOf(sound));
});

it("the store has room for the largest facts that an import takes", async () => {
  const queue = "largest";
  const longestMs = 3_650 * 24 * HOUR_MS;
  const late = timestampFromMs(Date.parse("9999-12-31T23:59:59.999Z"));
  const dueTime = timestampFromMs(Date.now() + 364 * 86_400_000);
  await from.dlq.sendToDlq(sendRequest(queue, { ttl: durationFromMs(longestMs), ...dueIn(1) }));
  const [message] = await exported({ queue });
  if (message?.stored?.message === undefined) throw new Error("nothing was exported");
  const { stored } = message;
  Object.assign(message, { lastDelay: durationFromMs(longestMs), roundStartTime: late });
  Object.assign(message, { moveCount: 255, effectivePriority: -100 });
  Object.assign(stored, { deliveryCount: 0xffff_ffff, releaseCount: 255, expiredLeaseCount: 255 });
  Object.assign(stored, { unknownOutcomeCount: 0xffff });
  Object.assign(stored.message ?? {}, { attempts: 0xffff, failureCount: 0xffff });
  Object.assign(stored.message ?? {}, { dueTime, expireTime: late });
  stored.events = Array.from({ length: 16 }, () =>
    create(MessageEventSchema, {
      ...{ kind: MessageEventKind.QUARANTINED, time: late, startTime: late },
      ...{ workerId: "w".repeat(128), server: "s".repeat(256), note: "n".repeat(1_024) },
      ...{ deliveryNumber: 0xffff_ffff, quarantineReason: QuarantineReason.WORKER_REQUEST },
    }),
  );
  expect(await imported([message])).toEqual(["IMPORTED"]);
  const [there] = await exported({ queue }, to);
  expect(there && lasting({ ...there, moveCount: 255 })).toMatchObject({
    ...{ lastDelay: message.lastDelay, roundStartTime: late, effectivePriority: -100 },
    stored: {
      ...{ deliveryCount: 0xffff_ffff, releaseCount: 255, expiredLeaseCount: 255 },
      message: { attempts: 0xffff, failureCount: 0xffff, dueTime, expireTime: late },
    },
  });
});

it("an export goes on behind each response, and selects by filter and pattern", async () => {
  await sendAll(from.dlq, [
    ...sendRequests(12, "pages-a", { payload: blob(300_000), ...POISON }),
    ...sendRequests(2, "pages-b", dueIn(HOUR_MS)),
  ]);
  const selection = { queue: "pages-*", filter: "state == 'QUARANTINED'" };
  const ids: string[] = [];
  let resumeToken = "";
  do {
    // Each call is ended after its first response.
    for await (const page of from.admin.exportMessages({ ...selection, resumeToken })) {
      ids.push(...idsOf(page.messages));
      ({ resumeToken } = page);
      expect(page.storeId).toMatch(/^[0-9a-v]{6}$/);
      break;
    }
  } while (resumeToken !== "");
  expect(ids).toEqual(idsOf(await exported(selection)));
  expect(ids).toHaveLength(12);
});

it("an export of what a queue redacts is refused, unless it is asked for, which is logged", async () => {
  const redact = { entries: ["/email"] };
  await from.admin.updateQueue({ queue: { name: "secret", config: { redact } } });
  await from.dlq.sendToDlq(sendRequest("secret", { payload: text('{"email":"a@b"}'), ...POISON }));
  const error = await errorOf(exported({ queue: "secret" }));
  expect(error).toMatchObject({ code: Code.FailedPrecondition });
  expect(error.message).toContain("show_redacted");
  const [message] = await exported({ queue: "secret", showRedacted: true });
  expect(message?.stored?.message?.payload?.body.value).toBe('{"email":"a@b"}');
  const line = { msg: "redacted content shown", call: "ExportMessages", queue: "secret" };
  await until("the line", () => servers[0]?.logs.some((log) => isLike(log, line)) || undefined);
});

it("a due time in the past means now, and a time to live that is over begins again", async () => {
  const queue = "old";
  await from.dlq.sendToDlq(sendRequest(queue, { ttl: durationFromMs(HOUR_MS), ...dueIn(0) }));
  const [message] = await exported({ queue });
  if (message?.stored?.message === undefined) throw new Error("nothing was exported");
  message.stored.message.dueTime = timestampFromMs(1_000);
  message.stored.message.expireTime = timestampFromMs(2_000);
  await imported([message]);
  const worker = await Worker.open(to.dlq, { queues: [queue] });
  const { message: there } = await worker.next();
  expect(msOf(there.expireTime)).toBeGreaterThan(Date.now());
  await worker.close();
});

const isLike = (log: object, expected: object) =>
  Object.entries(expected).every(
    ([name, value]) => (log as Record<string, unknown>)[name] === value,
  );
