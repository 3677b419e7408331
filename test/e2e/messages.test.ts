// Operators look at stored messages.

import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, it } from "vitest";
import { MessageState, QuarantineReason, Reason } from "../../gen/dlq/v1/state_pb.ts";
import { errorOf } from "../rpc/in-memory.ts";
import { connectTo, msOf, type TestClient } from "../support/grpc.ts";
import { startTestRedis, type TestRedis } from "../support/redis.ts";
import { failed, quarantined, sendRequest } from "../support/send-requests.ts";
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

it("finds messages by what is wrong with them, whom they are about, and since when", async () => {
  const send = (queue: string, customer: string, type: string) =>
    client.dlq.sendToDlq({
      ...sendRequest(queue),
      payload: { body: { case: "text", value: JSON.stringify({ customer }) } },
      failure: { reason: Reason.POISON_MESSAGE, type, message: `total of ${customer}` },
    });
  const { id: first } = await send("shop-eu", "acme", "ValidationError");
  await send("shop-eu", "globex", "ValidationError");
  const { id: second } = await send("shop-us", "acme", "ParseError");
  await send("other", "acme", "ParseError");
  const idsOf = async (filter: string) => {
    const { messages, nextPageToken } = await client.admin.listMessages({
      ...{ queue: "shop-*", filter },
    });
    expect(nextPageToken).toBe("");
    return messages.map(({ message }) => message?.id);
  };
  expect(await idsOf('payload.contains("acme")')).toEqual([first, second]);
  expect(await idsOf('state == "QUARANTINED" && failure.type == "ParseError"')).toEqual([second]);
  expect(await idsOf('state_time > now - duration("1h")')).toHaveLength(3);
  expect(await idsOf('state_time < now - duration("1h")')).toEqual([]);
  const error = await errorOf(client.admin.listMessages({ filter: "failure.code == 5" }));
  expect(error).toMatchObject({ code: Code.InvalidArgument });
  expect(error.rawMessage).toContain("failure has no code; it has reason, type,");
});

it("shows one message through its life", async () => {
  const queue = "orders";
  const { id } = await client.dlq.sendToDlq({
    ...sendRequest(queue),
    failure: { reason: Reason.TIMEOUT, type: "ReadTimeout", message: "no answer in 3 s" },
    retryPolicy: { initialDelay: { seconds: 0n } },
  });
  const message = async () => {
    const { message: found } = await client.admin.getMessage({ queue, id });
    if (found?.message === undefined) throw new Error("no message");
    return { ...found, message: found.message };
  };
  const waiting = await message();
  expect(waiting).toMatchObject({ state: MessageState.SCHEDULED, deliveryCount: 0 });
  expect(waiting.message.failure?.type).toBe("ReadTimeout");
  expect(msOf(waiting.message.dueTime)).toBe(msOf(waiting.message.createTime));

  const reasons = async () =>
    (await client.admin.explain({ queue, id })).explanations.map(({ text }) => text);
  expect((await reasons()).at(0)).toContain("No worker has a StreamDue open for this queue");

  const later = await client.dlq.sendToDlq({
    ...sendRequest(queue),
    firstRetry: { case: "delay", value: { seconds: 3600n } },
  });
  const why = await client.admin.explain({ queue, id: later.id });
  expect(why.explanations[0]?.text).toMatch(
    /^It waits for its due time \(delay set by the producer\);/,
  );

  const worker = await Worker.open(client.dlq, { queues: [queue], workerId: "billing-1" });
  const first = await worker.next();
  const held = await message();
  expect(held).toMatchObject({
    state: MessageState.IN_FLIGHT,
    lease: { workerId: "billing-1" },
  });
  expect(msOf(held.lease?.expireTime)).toBeGreaterThan(msOf(held.lease?.startTime));
  expect((await reasons()).at(0)).toContain("Worker billing-1 has held it since");
  const { workers } = await client.admin.listWorkers({ queue });
  expect(workers).toMatchObject([
    {
      workerId: "billing-1",
      connected: true,
      inFlightCount: 1n,
      server: expect.stringMatching(/./),
    },
  ]);
  expect(msOf(workers[0]?.oldestDeliveryTime)).toBe(msOf(held.lease?.startTime));

  await worker.settle(first, failed({ failure: { message: "refused" } }));
  await worker.settle(await worker.next(), quarantined);
  const set = await message();
  expect(set).toMatchObject({
    state: MessageState.QUARANTINED,
    quarantineReason: QuarantineReason.WORKER_REQUEST,
    deliveryCount: 2,
    message: { attempts: 1, failureCount: 2 },
  });
  expect(set.failures.map(({ failure }) => failure?.message)).toEqual([
    "no answer in 3 s",
    "refused",
  ]);
  expect(set.lease).toBeUndefined();
  const [sent, refused] = set.failures;
  expect(msOf(sent?.time)).toBe(msOf(set.message.createTime));
  expect(sent?.decision).toBe("delay set by the producer");
  expect(refused).toMatchObject({
    ...{ workerId: "billing-1", deliveryNumber: 1, server: expect.stringMatching(/./) },
    decision: expect.stringMatching(/^attempt 1 of \d+ failed; delay from message_policy/),
  });
  expect(msOf(refused?.time)).toBeGreaterThanOrEqual(msOf(refused?.startTime));

  expect((await reasons()).at(0)).toMatch(
    /in quarantine since .*, because a worker quarantined it/,
  );
  const { explanations } = await client.admin.explain({ queue });
  expect(explanations.map(({ text }) => text).join(" ")).toContain("in quarantine");
  await client.dlq.retry({ queue, ids: [id] });
  await worker.settle(await worker.next());
  const error = await errorOf(client.admin.getMessage({ queue, id }));
  expect(error).toMatchObject({ code: Code.NotFound });
  expect(error.rawMessage).toContain(`queue ${queue} has no message ${id}`);
  await worker.close();
});

it("takes a message back from a worker that hangs, and gives it to another one", async () => {
  const queue = "hanging";
  const { id } = await client.dlq.sendToDlq({
    ...sendRequest(queue),
    retryPolicy: { initialDelay: { seconds: 0n } },
  });
  const hanging = await Worker.open(client.dlq, {
    ...{ queues: [queue], workerId: "hanging-1", maxInFlight: 1 },
  });
  await hanging.next();
  const other = await Worker.open(client.dlq, { queues: [queue], workerId: "other-1" });
  const broken = await client.admin.breakLease({ queue, id });
  expect(broken).toMatchObject({ broken: true, workerId: "hanging-1" });
  const holders = async () =>
    (await client.admin.listWorkers({ queue })).workers
      .filter(({ inFlightCount }) => inFlightCount > 0n)
      .map(({ workerId }) => workerId);
  // Any of the two may get it: the first one has room again.
  const got = await Promise.race([hanging.next(), other.next()]);
  expect(got.message.id).toBe(id);
  expect(got.delivery.outcomeUnknown).toBe(true);
  expect(await holders()).toHaveLength(1);
  expect(await errorOf(client.admin.breakLease({ queue: "nowhere", id }))).toMatchObject({
    code: Code.NotFound,
  });
  await Promise.all([hanging.close(), other.close()]);
});
