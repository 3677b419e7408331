import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RuleEvent } from "../../gen/dlq/v1/rule_pb.ts";
import { queueBase } from "../../src/store/redis/keys.ts";
import { connectTo, sendAll, statsOf, type TestClient } from "../support/grpc.ts";
import { LinkProxy } from "../support/link-proxy.ts";
import { startTestRedis, type TestRedis } from "../support/redis.ts";
import { failed, retriesAtOnce, sendRequests } from "../support/send-requests.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { Worker } from "../support/worker.ts";

// A server dies during moves, and another one finishes them. Its connection to the store is slow,
// so that there is time between the steps.

const [FROM, TO, COUNT] = ["fast", "slow", 60];
/** Delay in each direction; a step takes two or more. The other server takes a move over after 3 s, so it is not longer. */
const LATENCY_MS = 150;
/** An abandoned move is found by a hint, or by the safety tick of 30 s. */
const FOUND_WITHIN = { timeout: 90_000, interval: 100 };

let redis: TestRedis;
let link: LinkProxy;
let store: Redis;
let dying: TestServer;
let other: TestServer;
let a: TestClient;
let b: TestClient;

beforeEach(async () => {
  redis = await startTestRedis({ appendonly: false });
  link = await LinkProxy.open(() => [{ path: redis.socketPath }]);
  store = new Redis({ path: redis.socketPath });
  const env = { DLQ_HEARTBEAT_INTERVAL: "50ms", DLQ_REDIS_TIMEOUT: "30s" };
  [dying, other] = await Promise.all([
    startTestServer({ redisUrl: `redis://${link.address}`, env }),
    startTestServer({ redisUrl: redis.url, env }),
  ]);
  [a, b] = [dying, other].map(({ grpcAddress }) => connectTo(grpcAddress)) as [
    TestClient,
    TestClient,
  ];
  const rule = (from: string, to: string) => ({
    ...{ name: to, event: RuleEvent.FAILURE, when: `message.queue == "${from}"` },
    action: { queue: to },
  });
  await b.admin.updateRules({ ruleSet: { rules: [rule(FROM, TO), rule("first", "second")] } });
  await a.admin.getRules({});
  await moveOne();
});
afterEach(async () => {
  a?.close();
  b?.close();
  store?.disconnect();
  await Promise.all([dying, other].map((server) => server?.stop()));
  await link?.close();
  await redis?.stop();
});

/** Loads the scripts of a move into Redis: the first call of one costs two round trips. */
async function moveOne(): Promise<void> {
  await sendAll(b.dlq, sendRequests(1, "first", retriesAtOnce(5)));
  const worker = await Worker.open(b.dlq, { queues: ["first"], maxInFlight: 1 });
  await worker.settleAll(await worker.take(1), failed());
  await until(
    "the first move",
    async () => (await statsOf(b.dlq, "first")).totals?.movedOut === 1n,
  );
  await worker.close();
}

const moving = () => store.zcard(`${queueBase("dlq", FROM)}:moving`);
const arrived = async () =>
  Number(await store.hget(`${queueBase("dlq", TO)}:counters`, "moved_in"));

/** The progress of a move: its first step is done, or also the second. */
const STEPS = {
  "have started to move": async () => (await moving()) > 0,
  "have been received": async () => (await arrived()) > 0,
} as const;
type Step = keyof typeof STEPS;

/** Fails all messages on one server; resolves with their ids at this step of their moves. */
async function failAll(step: Step): Promise<Set<string>> {
  await sendAll(b.dlq, sendRequests(COUNT, FROM, retriesAtOnce(5)));
  const worker = await Worker.open(a.dlq, { queues: [FROM], maxInFlight: COUNT });
  const received = await worker.take(COUNT);
  link.set({ latencyMs: LATENCY_MS });
  const acked = worker.settleAll(received, failed()).catch(() => {}); // its server may be gone
  await until(`messages that ${step}`, async () => (await STEPS[step]()) || undefined);
  void acked;
  return new Set(received.map(({ message }) => message.id));
}

/** All messages arrive in the other queue once; then neither queue has them. */
async function expectEachOnce(ids: ReadonlySet<string>, there: Worker): Promise<void> {
  await there.hasReceived(COUNT, FOUND_WITHIN.timeout);
  expect(new Set(there.received.map(({ message }) => message.id))).toEqual(ids);
  for (const { delivery, message } of there.received) {
    expect(message.queue).toBe(TO);
    expect(delivery).toMatchObject({ attempt: 2, deliveryNumber: 2, outcomeUnknown: false });
  }
  await there.settleAll(there.received);
  const total = BigInt(COUNT);
  await vi.waitFor(async () => {
    const [from, to] = [await statsOf(b.dlq, FROM), await statsOf(b.dlq, TO)];
    expect(from).toMatchObject({ scheduled: 0n, inFlight: 0n, quarantined: 0n });
    expect(from.totals).toMatchObject({ accepted: total, failedAttempts: total, movedOut: total });
    expect(to).toMatchObject({ scheduled: 0n, inFlight: 0n, quarantined: 0n });
    expect(to.totals).toMatchObject({ accepted: 0n, movedIn: total, succeeded: total });
  }, FOUND_WITHIN);
  await there.silence();
  expect(there.received).toHaveLength(COUNT);
}

// On a busy machine the kill may come after the next step: then it is tried again.
describe("a server that is killed when messages", { timeout: 240_000, retry: 4 }, () => {
  it.each(Object.keys(STEPS) as Step[])(
    "%s: another one finishes, none is lost, none twice",
    async (step) => {
      const there = await Worker.open(b.dlq, { queues: [TO], maxInFlight: 2 * COUNT });
      const ids = await failAll(step);
      await dying.kill9();
      // Data in transit is lost.
      link.reset();
      const [left, came] = [await moving(), await arrived()];
      console.info(`killed with ${left} on their way, ${came} received`);
      expect(left).toBe(COUNT);
      expect(came).toBe(step === "have started to move" ? 0 : COUNT);
      await expectEachOnce(ids, there);
      await there.close();
    },
  );
});

describe("a server that is suspended when messages", { timeout: 240_000 }, () => {
  it.each(Object.keys(STEPS) as Step[])(
    "%s: it finds them moved when it continues",
    async (step) => {
      const there = await Worker.open(b.dlq, { queues: [TO], maxInFlight: 2 * COUNT });
      const ids = await failAll(step);
      process.kill(dying.pid, "SIGSTOP");
      await expectEachOnce(ids, there);
      process.kill(dying.pid, "SIGCONT");
      // Its earlier output arrives before this answer.
      link.clear();
      await vi.waitFor(() => statsOf(a.dlq, FROM), FOUND_WITHIN);
      await there.silence();
      expect(there.received).toHaveLength(COUNT);
      expect(await arrived()).toBe(COUNT);
      expect(await store.hget(`${queueBase("dlq", FROM)}:counters`, "moved_out")).toBe(
        String(COUNT),
      );
      await dying.kill9();
      await there.close();
    },
  );
});
