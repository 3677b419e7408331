// Live views: what changes among the messages of a filter.

import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import {
  type MessageChange,
  MessageView,
  type WatchMessagesResponse,
} from "../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { MessageState, Reason } from "../../gen/dlq/v1/state_pb.ts";
import { connectTo, type TestClient } from "../support/grpc.ts";
import { failed, sendRequest, succeeded, text } from "../support/send-requests.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { Worker } from "../support/worker.ts";

let server: TestServer;
let client: TestClient;

beforeAll(async () => {
  server = await startTestServer();
  client = connectTo(server.grpcAddress);
});
afterAll(async () => {
  client?.close();
  await server?.stop();
});

/** Opens a watch, and returns what reads the next change of a message. */
async function watch(request: Parameters<TestClient["admin"]["watchMessages"]>[0]) {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const responses = client.admin.watchMessages(request, { signal: stop.signal });
  const reading = responses[Symbol.asyncIterator]();
  const waiting: MessageChange[] = [];
  const read = async () => {
    const { value } = await reading.next();
    waiting.push(...(value as WatchMessagesResponse).changes);
  };
  await read();
  return async (id: string) => {
    for (;;) {
      const at = waiting.findIndex((change) => change.id === id);
      if (at >= 0) return waiting.splice(at, 1)[0] as MessageChange;
      await read();
    }
  };
}

const poison = (queue: string, type: string) => ({
  ...sendRequest(queue),
  payload: text('{"customer":"acme"}'),
  failure: { reason: Reason.POISON_MESSAGE, type },
});

it("reports what comes into a filter, changes in it, and leaves it", async () => {
  const next = await watch({ queue: "shop-*", filter: 'state == "QUARANTINED"' });
  const { id } = await client.dlq.sendToDlq(poison("shop-eu", "ParseError"));
  const came = await next(id);
  expect(came).toMatchObject({
    ...{ queue: "shop-eu", message: { state: MessageState.QUARANTINED } },
  });
  expect(came.message?.message?.payload).toBeUndefined();
  await client.dlq.retry({ queue: "shop-eu", ids: [id] });
  expect((await next(id)).message).toBeUndefined();
});

it("reports the end of a message, and content if it is asked for", async () => {
  const next = await watch({ queue: "whole", view: MessageView.FULL });
  const { id } = await client.dlq.sendToDlq({
    ...sendRequest("whole"),
    payload: text('{"customer":"acme"}'),
  });
  const { message } = await next(id);
  expect(message?.message?.payload?.body.value).toBe('{"customer":"acme"}');
  const worker = await Worker.open(client.dlq, { queues: ["whole"] });
  await worker.settle(await worker.next(), failed());
  let change = await next(id);
  while (change.message?.failures.length !== 2) change = await next(id);
  await client.dlq.retry({ queue: "whole", ids: [id] });
  await worker.settle(await worker.next(), succeeded);
  while (change.message !== undefined) change = await next(id);
  await worker.close();
});

it("looks into content, and reports other queues to nobody", async () => {
  const next = await watch({ queue: "a", filter: 'payload.contains("acme")' });
  await client.dlq.sendToDlq(poison("b", "ParseError"));
  const other = await client.dlq.sendToDlq({ ...poison("a", "x"), payload: text("globex") });
  const { id } = await client.dlq.sendToDlq(poison("a", "x"));
  expect((await next(other.id)).message).toBeUndefined();
  expect((await next(id)).message?.message?.id).toBe(id);
});
