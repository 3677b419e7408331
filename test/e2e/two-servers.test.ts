import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { AckStatus } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { connectTo, msOf, sendAll, statsOf, type TestClient } from "../support/grpc.ts";
import { startTestRedis, type TestRedis } from "../support/redis.ts";
import { sendRequest, sendRequests } from "../support/send-requests.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { type Received, settle, Worker } from "../support/worker.ts";

/** Without a hint about an outcome the stream would wait until its leases end, after 30 s. */
const FAR_BELOW_A_LEASE_MS = 15_000;

let redis: TestRedis;
let serverB: TestServer;
let b: TestClient;
let serverA: TestServer;
let a: TestClient;

const start = () =>
  startTestServer({ redisUrl: redis.url, env: { DLQ_HEARTBEAT_INTERVAL: "50ms" } });

beforeAll(async () => {
  redis = await startTestRedis({ appendonly: false });
  serverB = await start();
  b = connectTo(serverB.grpcAddress);
});
afterAll(async () => {
  b?.close();
  await serverB?.stop();
  await redis?.stop();
});
beforeEach(async () => {
  serverA = await start();
  a = connectTo(serverA.grpcAddress);
});
afterEach(async () => {
  a.close();
  await serverA.stop();
});

/** Not due during the test. */
const FAR_OFF = { firstRetry: { case: "delay" as const, value: { seconds: 3_600n, nanos: 0 } } };

describe("two servers on one Redis", () => {
  it("both deliver, and no message has two workers at once", async () => {
    const count = 2_000;
    const held = new Map<string, Worker>();
    const twice: string[] = [];
    const workers = await Promise.all(
      [a, b].map(({ dlq }) => Worker.open(dlq, { queues: ["both"], maxInFlight: 20 })),
    );
    // Outcomes go to the other server, as behind a load balancer.
    workers.forEach((worker, index) => {
      const other = [b, a][index]?.dlq ?? b.dlq;
      worker.onReceived = (received) => {
        const { id } = received.message;
        if (held.has(id)) twice.push(id);
        held.set(id, worker);
        setImmediate(() => {
          held.delete(id);
          settle(other, received).catch(() => {});
        });
      };
    });
    await sendAll(a.dlq, sendRequests(count, "both"));
    await vi.waitFor(
      async () => expect((await statsOf(b.dlq, "both")).totals?.succeeded).toBe(BigInt(count)),
      { interval: 100 },
    );
    const shares = workers.map(({ received }) => received.length);
    console.info(`the two servers delivered ${shares.join(" and ")}`);
    expect(twice).toEqual([]);
    expect(shares[0] ?? 0).toBeGreaterThan(count / 10);
    expect(shares[1] ?? 0).toBeGreaterThan(count / 10);
    // Each was delivered once: no lease expired.
    expect((shares[0] ?? 0) + (shares[1] ?? 0)).toBe(count);
    await Promise.all(workers.map((worker) => worker.close()));
  });

  it("an outcome on one server frees room of a stream on the other", async () => {
    await sendAll(b.dlq, sendRequests(6, "credit"));
    const worker = await Worker.open(a.dlq, { queues: ["credit"], maxInFlight: 1 });
    let received = await worker.next();
    for (let n = 0; n < 5; n++) {
      const settledAt = performance.now();
      expect((await settle(b.dlq, received)).status).toBe(AckStatus.APPLIED);
      received = await worker.next();
      expect(performance.now() - settledAt).toBeLessThan(FAR_BELOW_A_LEASE_MS);
    }
    await worker.close();
  });

  it("a stream on one server gets messages that the other accepts at once", async () => {
    const worker = await Worker.open(a.dlq, { queues: ["wake"], maxInFlight: 100 });
    const medianLateMs = async (sender: TestClient) => {
      const late: number[] = [];
      for (let n = 0; n < 20; n++) {
        const sent = await sender.dlq.sendToDlq(sendRequest("wake"));
        const received = await worker.next();
        expect(received.message.id).toBe(sent.id);
        late.push(received.atMs - msOf(sent.dueTime));
      }
      return late.toSorted((x, y) => x - y)[10] ?? Number.NaN;
    };
    const [own, other] = [await medianLateMs(a), await medianLateMs(b)];
    console.info(`median from accepted to delivered: ${own} ms by one server, ${other} ms by two`);
    expect(other).toBeLessThan(100 + 10 * own);
    await worker.settleAll(worker.received);
    await worker.close();
  });

  it("Stats counts the workers of both servers, and drops those of a killed one", async () => {
    const queues = ["counted"];
    // Workers count in queues that exist.
    await a.dlq.sendToDlq(sendRequest("counted", FAR_OFF));
    const workersNow = async () => (await statsOf(b.dlq, "counted")).workers;
    const atA = await Worker.open(a.dlq, { queues });
    await Worker.open(a.dlq, { queues });
    const atB = await Worker.open(b.dlq, { queues });
    expect(await workersNow()).toBe(3);
    await atA.close();
    await vi.waitFor(async () => expect(await workersNow()).toBe(2));
    await serverA.kill9();
    await vi.waitFor(async () => expect(await workersNow()).toBe(1), { interval: 250 });
    await atB.close();
  });
});

describe("a rate", () => {
  it("is shared by both servers, and is all for one after the other is killed", async () => {
    const [queue, perSecond, lookMs] = ["rated", 40, 2_000];
    const config = { rate: { perSecond, burst: 10 } };
    await b.admin.updateQueue({ queue: { name: queue, config } });
    await sendAll(b.dlq, sendRequests(1_000, queue));
    const workers = await Promise.all(
      [a, b].map(({ dlq }) => Worker.open(dlq, { queues: [queue], maxInFlight: 50 })),
    );
    // Outcomes go to the remaining server.
    for (const worker of workers) {
      worker.onReceived = (received) => void settle(b.dlq, received).catch(() => {});
    }
    const deliveries = async () => Number((await statsOf(b.dlq, queue)).totals?.deliveries);
    const rateNow = async () => {
      const [before, began] = [await deliveries(), performance.now()];
      await new Promise((resolve) => setTimeout(resolve, lookMs));
      return ((await deliveries()) - before) / ((performance.now() - began) / 1_000);
    };
    const both = await rateNow();
    await serverA.kill9();
    const left = await rateNow();
    console.info(`${perSecond} a second: ${both.toFixed(1)} by both, ${left.toFixed(1)} by one`);
    for (const rate of [both, left]) {
      expect(rate).toBeGreaterThan(0.75 * perSecond);
      expect(rate).toBeLessThan(1.1 * perSecond);
    }
    expect(workers[0]?.received.length).toBeGreaterThan(0);
    await workers[1]?.close();
  });
});

describe("a session that is resumed on the other server", () => {
  const queues = ["resumed-a", "resumed-b"];
  const request = { queues, maxInFlight: 4 };

  it("keeps its leases after its server was killed, and they count", async () => {
    for (const queue of queues) await sendAll(b.dlq, sendRequests(10, queue));
    const before = await Worker.open(a.dlq, request);
    const held = await before.take(4);
    await serverA.kill9();
    expect((await before.ended)?.message).toBeTruthy();

    const resumeSessionId = before.opened.sessionId;
    const after = await Worker.open(b.dlq, { ...request, resumeSessionId });
    expect(after.opened).toMatchObject({ sessionId: resumeSessionId, leasesHeld: 4 });
    await after.silence();
    expect(after.received).toHaveLength(0);
    for (const received of held) {
      expect((await after.settle(received)).status).toBe(AckStatus.APPLIED);
    }
    const ids = new Set(held.map(({ message }) => message.id));
    const next = await after.take(4);
    await after.silence();
    expect(after.received).toHaveLength(4);
    expect(next.filter(({ message }) => ids.has(message.id))).toEqual([]);
    for (let left = 12; left > 0; left -= 4) {
      await after.settleAll(next.splice(0));
      next.push(...(await after.take(4)));
    }
    await after.settleAll(next);
    await after.close();
  });

  it("ends a stream that is still open", async () => {
    await sendAll(b.dlq, sendRequests(6, "taken"));
    const open = { queues: ["taken"], maxInFlight: 2, leaseDuration: durationFromMs(60_000) };
    const old = await Worker.open(a.dlq, open);
    const held = await old.take(2);
    const resumeSessionId = old.opened.sessionId;
    const young = await Worker.open(b.dlq, { ...open, resumeSessionId });
    expect(young.opened.leasesHeld).toBe(2);
    expect(await old.ended).toBeUndefined();
    await young.silence();
    expect(young.received).toHaveLength(0);
    const all: Received[] = [...held];
    while (all.length < 6) {
      await young.settleAll(all.slice(-2));
      all.push(...(await young.take(2)));
    }
    await young.settleAll(all.slice(-2));
    expect(new Set(all.map(({ message }) => message.id)).size).toBe(6);
    expect((await statsOf(b.dlq, "taken")).workers).toBe(1);
    await young.close();
  });

  it("is taken over on the same server too", async () => {
    let worker = await Worker.open(b.dlq, { queues: ["same"] });
    const resumeSessionId = worker.opened.sessionId;
    for (let n = 0; n < 10; n++) {
      const young = await Worker.open(b.dlq, { queues: ["same"], resumeSessionId });
      expect(await worker.ended).toBeUndefined();
      worker = young;
    }
    await b.dlq.sendToDlq(sendRequest("same"));
    await worker.settle(await worker.next());
    expect((await statsOf(b.dlq, "same")).workers).toBe(1);
    await worker.close();
  });
});
