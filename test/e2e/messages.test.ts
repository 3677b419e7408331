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

  const worker = await Worker.open(client.dlq, { queues: [queue], workerId: "billing-1" });
  const first = await worker.next();
  const held = await message();
  expect(held).toMatchObject({
    state: MessageState.IN_FLIGHT,
    lease: { workerId: "billing-1" },
  });
  expect(msOf(held.lease?.expireTime)).toBeGreaterThan(msOf(held.lease?.startTime));

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

  await client.dlq.retry({ queue, ids: [id] });
  await worker.settle(await worker.next());
  const error = await errorOf(client.admin.getMessage({ queue, id }));
  expect(error).toMatchObject({ code: Code.NotFound });
  expect(error.rawMessage).toContain(`queue ${queue} has no message ${id}`);
  await worker.close();
});
