// Operators bring back what was discarded, and process again what succeeded.

import { timestampDate, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, expect, it } from "vitest";
import { UndeleteMode, UndeleteRefusal } from "../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { MessageState, Reason } from "../../gen/dlq/v1/state_pb.ts";
import { MessageEventKind } from "../../gen/dlq/v1/stored_message_pb.ts";
import { connectTo, type TestClient } from "../support/grpc.ts";
import { startTestRedis, type TestRedis } from "../support/redis.ts";
import { discarded, type OutcomeInit, sendRequest, succeeded } from "../support/send-requests.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { Worker } from "../support/worker.ts";

let redis: TestRedis;
let server: TestServer;
let client: TestClient;

beforeAll(async () => {
  redis = await startTestRedis({ appendonly: false });
  server = await startTestServer({ redisUrl: redis.url });
  client = connectTo(server.grpcAddress);
});
afterAll(async () => {
  client?.close();
  await server?.stop();
  await redis?.stop();
});

/** Sends a message and ends it at once. */
async function end(queue: string, result: OutcomeInit = discarded): Promise<string> {
  const failure = { reason: Reason.TIMEOUT, message: "no answer" };
  const { id } = await client.dlq.sendToDlq(sendRequest(queue, { failure }));
  const worker = await Worker.open(client.dlq, { queues: [queue], workerId: "w" });
  await worker.settle(await worker.next(), result);
  await worker.close();
  return id;
}

it("brings back a message that a worker discarded", async () => {
  const id = await end("discarded");
  const listed = await client.admin.listDeleted({ queue: "discarded" });
  expect(listed).toMatchObject({
    totalCount: 1,
    nextPageToken: "",
    messages: [
      {
        ...{ id, queue: "discarded", state: MessageState.DISCARDED, reason: Reason.TIMEOUT },
        ...{ note: "of no use", workerId: "w", previousState: MessageState.IN_FLIGHT },
        ...{ batchJob: "", caller: "" },
      },
    ],
  });
  const [{ deleteTime, eraseTime } = {}] = listed.messages;
  const keptMs =
    (eraseTime ? timestampDate(eraseTime).getTime() : 0) -
    (deleteTime ? timestampDate(deleteTime).getTime() : 0);
  expect(keptMs).toBe(86_400_000);

  expect(await client.admin.undelete({ queue: "discarded", ids: [id] })).toMatchObject({
    undeletedCount: 1,
    refused: [],
  });
  const { message } = await client.admin.getMessage({ queue: "discarded", id });
  expect(message).toMatchObject({
    state: MessageState.SCHEDULED,
    events: [{ kind: MessageEventKind.UNDELETED }],
  });
  expect((await client.admin.listDeleted({ queue: "discarded" })).messages).toEqual([]);
  const again = await client.admin.undelete({ queue: "discarded", ids: [id, "x"] });
  expect(again.refused.map(({ refusal }) => refusal).toSorted()).toEqual([
    UndeleteRefusal.NOT_FOUND,
    UndeleteRefusal.NOT_DELETED,
  ]);
  const [stats] = (await client.dlq.stats({ queues: ["discarded"] })).queues;
  expect(stats?.totals).toMatchObject({ accepted: 1n, discarded: 1n, undeleted: 1n });
});

it("delivers again what succeeded between two times, page by page", async () => {
  const queue = "succeeded";
  await client.admin.updateQueue({
    queue: { name: queue, config: { retainSucceeded: { seconds: 3_600n } } },
  });
  const ids = [await end(queue, succeeded), await end(queue, succeeded)];
  const range = {
    queue,
    fromTime: timestampFromMs(0),
    states: [MessageState.SUCCEEDED],
    mode: UndeleteMode.RETRY,
    pageSize: 1,
  };
  let pageToken = "";
  let count = 0;
  do {
    const answer = await client.admin.undelete({ ...range, pageToken });
    count += answer.undeletedCount;
    pageToken = answer.nextPageToken;
  } while (pageToken !== "");
  expect(count).toBe(2);
  const worker = await Worker.open(client.dlq, { queues: [queue] });
  const due = await worker.take(2);
  expect(due.map(({ message }) => message.id).toSorted()).toEqual(ids.toSorted());
  await worker.close();
});

it("keeps no message that succeeded without retain_succeeded", async () => {
  await end("plain", succeeded);
  expect((await client.admin.listDeleted({ queue: "plain" })).totalCount).toBe(0);
});

it("names the batch job that removed a message, and who created it", async () => {
  const named = await startTestServer({ env: { DLQ_TOKENS: "ann:token-of-the-operator-01" } });
  const ann = connectTo(named.grpcAddress, { token: "token-of-the-operator-01" });
  const { id } = await ann.dlq.sendToDlq(sendRequest("by-job"));
  const action = { case: "discard", value: {} } as const;
  const { job } = await ann.admin.createBatchJob({
    spec: { queue: "by-job", action, reason: "bug 42" },
  });
  for await (const _ of ann.admin.watchBatchJob({ id: job?.id ?? "" }));
  const { messages } = await ann.admin.listDeleted({ queue: "by-job" });
  expect(messages).toMatchObject([
    { id, batchJob: job?.id, caller: "ann", workerId: "", note: `${job?.id}: bug 42` },
  ]);
  ann.close();
  await named.stop();
});

it("hides notes of a queue that hides failures", async () => {
  await client.admin.updateQueue({
    queue: { name: "hidden", config: { redact: { entries: ["/card"] } } },
  });
  await end("hidden");
  const { messages } = await client.admin.listDeleted({ queue: "hidden" });
  expect(messages.map(({ note }) => note)).toEqual(["[redacted]"]);
});
