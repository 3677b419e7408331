// Operators make workers quiet, on any server.

import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { AckStatus, ConditionCode } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { errorOf } from "../rpc/in-memory.ts";
import { connectTo, sendAll, statsOf, type TestClient } from "../support/grpc.ts";
import { startTestRedis, type TestRedis } from "../support/redis.ts";
import { sendRequest, sendRequests } from "../support/send-requests.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { Worker } from "../support/worker.ts";

let redis: TestRedis;
const servers: TestServer[] = [];
const clients: TestClient[] = [];
let a: TestClient;
let b: TestClient;

async function start(redisUrl: string): Promise<TestClient> {
  const server = await startTestServer({ redisUrl, env: { DLQ_HEARTBEAT_INTERVAL: "50ms" } });
  servers.push(server);
  const client = connectTo(server.grpcAddress);
  clients.push(client);
  return client;
}

beforeAll(async () => {
  redis = await startTestRedis({ appendonly: false, port: true });
  await redis.cli("ACL", "SETUSER", "deaf", "on", ">secret", "~*", "+@all", "resetchannels");
  [a, b] = await Promise.all([start(redis.url), start(redis.url)]);
});
afterAll(async () => {
  for (const client of clients) client.close();
  await Promise.all(servers.map((server) => server.stop()));
  await redis?.stop();
});

/** Resolves when the list of workers shows whether this one is quiet. */
const shows = (queue: string, sessionId: string, quiet: boolean) =>
  vi.waitFor(
    async () => {
      const { workers } = await b.admin.listWorkers({ queue });
      expect(workers).toContainEqual(
        expect.objectContaining({ sessionId, quiet, connected: true, maxInFlight: 4 }),
      );
    },
    { timeout: 60_000, interval: 50 },
  );

it("a quiet worker keeps what it holds and gets nothing more, until that is taken back", async () => {
  const queue = "orders";
  await sendAll(a.dlq, sendRequests(2, queue));
  const worker = await Worker.open(a.dlq, { queues: [queue], maxInFlight: 4 });
  const { sessionId } = worker.opened;
  const held = await worker.take(2);
  expect(await b.admin.quietWorker({ sessionId })).toMatchObject({ changed: true });
  await shows(queue, sessionId, true);

  await sendAll(b.dlq, sendRequests(3, queue));
  const { results } = await b.dlq.extendLease({ sessionId });
  expect(results.map(({ status }) => status)).toEqual([AckStatus.APPLIED, AckStatus.APPLIED]);
  for (const received of held) {
    expect((await worker.settle(received)).status).toBe(AckStatus.APPLIED);
  }
  await worker.silence();
  expect(worker.received).toHaveLength(2);

  const stats = await statsOf(b.dlq, queue);
  expect(stats).toMatchObject({ workers: 0, quietWorkers: 1, dueNow: 3n });
  expect(stats.conditions[0]).toMatchObject({ code: ConditionCode.NO_WORKERS });
  const { explanations } = await b.admin.explain({ queue });
  expect(explanations[0]?.text).toContain("1 worker is quiet");
  expect(explanations[0]?.text).toBe(stats.conditions[0]?.message);

  expect(await b.admin.quietWorker({ sessionId, quiet: true })).toMatchObject({ changed: false });
  expect(await b.admin.quietWorker({ sessionId, quiet: false })).toMatchObject({ changed: true });
  await worker.settleAll(await worker.take(3));
  await shows(queue, sessionId, false);
  expect(await statsOf(b.dlq, queue)).toMatchObject({ workers: 1, quietWorkers: 0 });
  await worker.close();
});

it("messages go to other workers", async () => {
  const queue = "shared";
  await a.dlq.sendToDlq(sendRequest(queue));
  const quiet = await Worker.open(a.dlq, { queues: [queue], maxInFlight: 4 });
  const [first] = await quiet.take(1);
  await a.admin.quietWorker({ sessionId: quiet.opened.sessionId });
  const other = await Worker.open(a.dlq, { queues: [queue], maxInFlight: 4 });
  await sendAll(b.dlq, sendRequests(10, queue));
  for (let n = 0; n < 10; n++) await other.settle(await other.next());
  expect(quiet.received).toEqual([first]);
  await Promise.all([quiet.close(), other.close()]);
});

it("a session stays quiet when its stream moves to another server", async () => {
  const queue = "moved";
  await b.dlq.sendToDlq(sendRequest(queue));
  const before = await Worker.open(a.dlq, { queues: [queue], maxInFlight: 4 });
  const { sessionId } = before.opened;
  await before.take(1);
  await b.admin.quietWorker({ sessionId });
  await shows(queue, sessionId, true);
  await before.close();
  await sendAll(b.dlq, sendRequests(3, queue));
  const request = { queues: [queue], maxInFlight: 4, resumeSessionId: sessionId };
  const after = await Worker.open(b.dlq, request);
  expect(after.opened.leasesHeld).toBe(1);
  await after.silence();
  expect(after.received).toHaveLength(0);
  await shows(queue, sessionId, true);
  // Now the stream is on the server that gets the call.
  await b.admin.quietWorker({ sessionId, quiet: false });
  await after.take(3);
  await after.close();
});

it("a server that gets no hints finds it in the store", async () => {
  const queue = "deaf";
  const deaf = await start(redis.url.replace("redis://", "redis://deaf:secret@"));
  await deaf.dlq.sendToDlq(sendRequest(queue));
  const worker = await Worker.open(deaf.dlq, { queues: [queue], maxInFlight: 4 });
  const { sessionId } = worker.opened;
  await worker.settle(await worker.next());
  await a.admin.quietWorker({ sessionId });
  await shows(queue, sessionId, true);
  await a.dlq.sendToDlq(sendRequest(queue));
  await worker.silence();
  expect(worker.received).toHaveLength(1);
  await worker.close();
});

it("only sessions that exist can be quiet", async () => {
  const sessionId = "01900000-0000-7000-8000-000000000001";
  const error = await errorOf(a.admin.quietWorker({ sessionId }));
  expect(error).toMatchObject({ code: Code.NotFound });
});
