import { readdir, readFile } from "node:fs/promises";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { connectTo, type DlqClient, statsOf, type TestClient } from "../support/grpc.ts";
import { Producer } from "../support/producer.ts";
import { dueIn, sendRequest } from "../support/send-requests.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { SteadyWorker } from "../support/steady-worker.ts";
import { Worker } from "../support/worker.ts";

let server: TestServer;
let client: TestClient;
let dlq: DlqClient;
beforeEach(async () => {
  server = await startTestServer();
  client = connectTo(server.grpcAddress);
  dlq = client.dlq;
});
afterEach(async () => {
  client?.close();
  await server?.stop();
});

const WAIT = { interval: 50 };

/** All processes of the embedded Redis of this data folder. */
async function redisPids(): Promise<number[]> {
  const names = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    names.map(async (pid) => {
      const words = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      return words.includes("redis-server") && words.includes(server.dataDir) ? Number(pid) : 0;
    }),
  );
  return found.filter((pid) => pid !== 0);
}

/** Kills repeatedly under load. No acknowledged message may be lost. */
async function survives(kill: () => Promise<void>, times: number): Promise<void> {
  const producer = new Producer(dlq, "load");
  // Messages that a killed server had claimed, but not delivered, come again when these leases expire.
  const leaseDuration = durationFromMs(2_000);
  const worker = new SteadyWorker(dlq, { queues: ["load"], maxInFlight: 50, leaseDuration });
  const until = async (more: number) => {
    const enough = producer.acknowledged.size + more;
    await vi.waitFor(() => expect(producer.acknowledged.size).toBeGreaterThan(enough), WAIT);
  };
  for (let n = 0; n < times; n++) {
    await until(300);
    await kill();
  }
  await until(100);
  await producer.stop();
  await vi.waitFor(async () => {
    const missing = [...producer.acknowledged].filter((id) => !worker.delivered.has(id));
    expect(missing).toEqual([]);
    expect(await statsOf(dlq, "load")).toMatchObject({ scheduled: 0n, inFlight: 0n });
  }, WAIT);
  const { totals } = await statsOf(dlq, "load");
  const { acknowledged, failures } = producer;
  console.info(
    `${acknowledged.size} acknowledged, ${failures.length} refused, ${worker.redelivered} delivered twice, ${worker.streams} streams`,
  );
  expect(totals?.succeeded).toBe(totals?.accepted);
  expect(Number(totals?.accepted)).toBe(worker.delivered.size);
  await worker.stop();
}

describe("under load, on the embedded Redis", () => {
  it("a killed server loses nothing, and leaves one Redis", async () => {
    const [first] = await redisPids();
    await survives(async () => {
      await server.kill9();
      await server.restart();
    }, 3);
    // Each start takes over the Redis that still runs.
    expect(await redisPids()).toEqual([first]);
  });

  it("a killed Redis loses nothing, and the server restarts it", async () => {
    const { pid } = server;
    await survives(async () => {
      const [redis] = await redisPids();
      if (redis === undefined) throw new Error("Redis does not run");
      process.kill(redis, "SIGKILL");
      await vi.waitFor(async () => {
        const pids = await redisPids();
        expect(pids).toHaveLength(1);
        expect(pids).not.toContain(redis);
      }, WAIT);
    }, 3);
    expect(server.pid).toBe(pid);
  });
});

describe("after both were killed", () => {
  it("all messages have the same state", async () => {
    await dlq.sendToDlq(sendRequest("q", dueIn(3_600_000)));
    await dlq.sendToDlq(sendRequest("q"));
    const worker = await Worker.open(dlq, { queues: ["q"] });
    const held = await worker.next();
    const [redis] = await redisPids();
    await server.kill9();
    if (redis !== undefined) process.kill(redis, "SIGKILL");
    await vi.waitFor(async () => expect(await redisPids()).toEqual([]), WAIT);

    await server.restart();
    await vi.waitFor(async () => {
      expect(await statsOf(dlq, "q")).toMatchObject({ scheduled: 1n, inFlight: 1n });
    }, WAIT);
    const resumeSessionId = worker.opened.sessionId;
    const resumed = await Worker.open(dlq, { queues: ["q"], resumeSessionId });
    expect(resumed.opened.leasesHeld).toBe(1);
    await resumed.settle(held);
    await vi.waitFor(async () => {
      expect(await statsOf(dlq, "q")).toMatchObject({ scheduled: 1n, inFlight: 0n, workers: 1 });
    }, WAIT);
    await resumed.close();
    expect(await redisPids()).toHaveLength(1);
    await server.terminate();
    expect(await redisPids()).toEqual([]);
  });
});
