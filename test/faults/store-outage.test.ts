import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AckStatus } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { RetryInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { errorOf } from "../rpc/in-memory.ts";
import { connectTo, type DlqClient, sendAll, statsOf, type TestClient } from "../support/grpc.ts";
import { Producer } from "../support/producer.ts";
import { startTestRedis, type TestRedis } from "../support/redis.ts";
import { sendRequest, sendRequests } from "../support/send-requests.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { SteadyWorker } from "../support/steady-worker.ts";
import { Worker } from "../support/worker.ts";

/** The default, for a slow machine. */
const STORE_DEADLINE_MS = 2_000;

let redis: TestRedis;
let server: TestServer;
let client: TestClient;
let dlq: DlqClient;
beforeEach(async () => {
  redis = await startTestRedis();
  server = await startTestServer({
    redisUrl: redis.url,
    env: { DLQ_REDIS_TIMEOUT: `${STORE_DEADLINE_MS}ms`, DLQ_HEARTBEAT_INTERVAL: "50ms" },
  });
  client = connectTo(server.grpcAddress);
  dlq = client.dlq;
});
afterEach(async () => {
  client?.close();
  redis?.resume();
  await server?.stop();
  await redis?.stop();
});

/** Every kind of call is refused within the deadline of the store, with a time to retry. */
async function expectUnavailable(): Promise<void> {
  const calls = [
    () => dlq.sendToDlq(sendRequest("elsewhere")), // it may be stored or not
    () => dlq.stats({ queues: ["q"] }),
    () => dlq.retry({ queue: "q", ids: ["0190a0b0-0000-7000-8000-000000000000"] }),
    () => dlq.extendLease({ sessionId: "0190a0b0-0000-7000-8000-000000000000" }),
  ];
  await Promise.all(
    calls.map(async (call) => {
      const began = performance.now();
      const error = await errorOf(call());
      expect(error.code).toBe(Code.Unavailable);
      expect(performance.now() - began).toBeLessThan(STORE_DEADLINE_MS + SLACK_MS);
      expect(error.findDetails(RetryInfoSchema)).toHaveLength(1);
    }),
  );
}

async function expectServing(serving: boolean): Promise<void> {
  await vi.waitFor(
    async () => expect((await client.health.check({})).status).toBe(serving ? 1 : 2),
    WAIT,
  );
}

const WAIT = { interval: 50 };
/** For a slow machine. Without a deadline the calls would wait for as long as Redis does not answer. */
const SLACK_MS = 20_000;

describe("while Redis is dead", () => {
  it("calls are refused in time, and streams stay open and continue when it is back", async () => {
    const worker = await Worker.open(dlq, { queues: ["q"], maxInFlight: 2 });
    await sendAll(dlq, sendRequests(4, "q"));
    const held = await worker.take(2);
    await redis.kill9();
    await expectServing(false);
    await expectUnavailable();
    await worker.silence();
    expect(worker.isOver).toBe(false);
    // Also a stream that is opened during the outage.
    const second = await Worker.open(dlq, { queues: ["q"], maxInFlight: 2 });

    await redis.restart();
    await expectServing(true);
    const others = await second.take(2);
    for (const received of held) {
      expect((await worker.settle(received)).status).toBe(AckStatus.APPLIED);
    }
    await second.settleAll(others);
    await dlq.sendToDlq(sendRequest("q"));
    await Promise.any([worker.hasReceived(3), second.hasReceived(3)]);
    expect((await statsOf(dlq, "q")).totals).toMatchObject({ leaseExpiries: 0n });
    await worker.close();
    await second.close();
  });

  it("no acknowledged message is lost, whenever Redis is killed", async () => {
    const producer = new Producer(dlq, "load");
    const worker = new SteadyWorker(dlq, { queues: ["load"], maxInFlight: 50 });
    for (let deaths = 1; deaths <= 3; deaths++) {
      const enough = producer.acknowledged.size + 300;
      await vi.waitFor(() => expect(producer.acknowledged.size).toBeGreaterThan(enough), WAIT);
      await redis.kill9();
      await redis.restart();
    }
    const enough = producer.acknowledged.size + 100;
    await vi.waitFor(() => expect(producer.acknowledged.size).toBeGreaterThan(enough), WAIT);
    await producer.stop();
    await vi.waitFor(async () => {
      expect([...producer.acknowledged].filter((id) => !worker.delivered.has(id))).toEqual([]);
      expect(await statsOf(dlq, "load")).toMatchObject({ scheduled: 0n, inFlight: 0n });
    }, WAIT);
    const { totals } = await statsOf(dlq, "load");
    console.info(
      `${producer.acknowledged.size} acknowledged, ${producer.failures.length} refused meanwhile, ${worker.redelivered} delivered twice`,
    );
    // The counters of the store equal those of the clients.
    expect(totals?.succeeded).toBe(totals?.accepted);
    expect(Number(totals?.accepted)).toBeGreaterThanOrEqual(producer.acknowledged.size);
    expect(worker.delivered.size).toBe(Number(totals?.accepted));
    expect(worker.streams).toBe(1);
    expect(new Set(producer.failures)).toEqual(new Set([Code.Unavailable]));
    await worker.stop();
  });
});

describe("while Redis hangs", () => {
  it("calls are refused in time, and no lease is lost", async () => {
    const leaseDuration = durationFromMs(2_000);
    const worker = await Worker.open(dlq, { queues: ["q"], maxInFlight: 3, leaseDuration });
    await sendAll(dlq, sendRequests(3, "q"));
    const held = await worker.take(3);
    redis.pause();
    const pausedAt = performance.now();
    await expectUnavailable();
    // Much longer than the leases.
    await vi.waitFor(() => expect(performance.now() - pausedAt).toBeGreaterThan(6_500), WAIT);
    expect(worker.isOver).toBe(false);
    redis.resume();
    await expectServing(true);
    for (const received of held) {
      const results = await vi.waitFor(() => worker.settle(received), WAIT);
      expect(results.status).toBe(AckStatus.APPLIED);
    }
    const stats = await statsOf(dlq, "q");
    expect(stats).toMatchObject({ scheduled: 0n, inFlight: 0n });
    expect(stats.totals).toMatchObject({ leaseExpiries: 0n, succeeded: 3n, deliveries: 3n });
    await dlq.sendToDlq(sendRequest("q"));
    await worker.settle(await worker.next());
    await worker.close();
  });
});
