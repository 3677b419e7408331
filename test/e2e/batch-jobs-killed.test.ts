// A server that is killed in the middle of a batch job: another one continues, and each message is acted on exactly once.

import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type BatchJob, BatchJobState } from "../../gen/dlq/v1/batch_job_pb.ts";
import { MessageView } from "../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { connectTo, type TestClient } from "../support/grpc.ts";
import { startTestRedis, type TestRedis } from "../support/redis.ts";
import { sendRequests } from "../support/send-requests.ts";
import { startTestServer, type TestServer } from "../support/server.ts";

const COUNT = 2_000;
const QUEUES = ["killed-a", "killed-b"];

let redis: TestRedis;
let servers: TestServer[] = [];
let clients: TestClient[] = [];
beforeAll(async () => {
  redis = await startTestRedis();
  servers = [
    await startTestServer({ redisUrl: redis.url }),
    await startTestServer({ redisUrl: redis.url }),
  ];
  clients = servers.map(({ grpcAddress }) => connectTo(grpcAddress));
});
afterAll(async () => {
  for (const client of clients) client.close();
  for (const server of servers) await server.stop();
  await redis?.stop();
});

test("another server continues; no message is left out, and none is retried twice", async () => {
  const [first, second] = clients as [TestClient, TestClient];
  for (const queue of QUEUES) {
    for (let left = COUNT / 2; left > 0; left -= 500) {
      const requests = sendRequests(500, queue, { importedHistory: { quarantined: true } });
      await first.dlq.sendToDlqBatch({ requests });
    }
  }
  const spec = { queue: "killed-*", action: { case: "retry" as const, value: {} }, maxRate: 400 };
  const { job } = await first.admin.createBatchJob({ spec });
  const { id } = job as BatchJob;

  let isKilled = false;
  let last: BatchJob | undefined;
  for await (const { job: now } of second.admin.watchBatchJob({ id })) {
    last = now;
    if (isKilled || (now?.counts?.doneCount ?? 0n) < 300n) continue;
    isKilled = true;
    await servers[0]?.kill9();
  }

  expect(isKilled).toBe(true);
  expect(last).toMatchObject({
    state: BatchJobState.DONE,
    counts: {
      selectedCount: BigInt(COUNT),
      doneCount: BigInt(COUNT),
      changedCount: 0n,
      refused: [],
    },
  });
  const retries: number[] = [];
  let pageToken = "";
  do {
    const page = { queue: "killed-*", pageSize: 1_000, view: MessageView.FULL, pageToken };
    const answer = await second.admin.listMessages(page);
    retries.push(...answer.messages.map(({ events }) => events.length));
    pageToken = answer.nextPageToken;
  } while (pageToken !== "");
  expect(retries).toEqual(Array.from({ length: COUNT }, () => 1));
});

test("a server that runs no batch jobs leaves them to others", async () => {
  const own = await startTestRedis();
  const args = ["--no-batch-jobs"];
  const idle = await startTestServer({ redisUrl: own.url, args });
  const client = connectTo(idle.grpcAddress);
  const spec = { queue: "any", action: { case: "retry" as const, value: {} } };
  const { job } = await client.admin.createBatchJob({ spec });
  expect(job?.state).toBe(BatchJobState.COUNTING);
  const active = new Redis(own.url);
  expect(await active.zscore("dlq:{jobs}:active", "1")).toBe("1");
  await active.quit();
  const busy = await startTestServer({ redisUrl: own.url });
  for await (const { job: now } of client.admin.watchBatchJob({ id: "j-1" }))
    if (now?.endTime !== undefined) expect(now.state).toBe(BatchJobState.DONE);
  client.close();
  await busy.stop();
  await idle.stop();
  await own.stop();
});
