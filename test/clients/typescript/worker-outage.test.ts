// The worker of the TypeScript client while its server is unavailable.

import { Code, ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createConnections } from "../../../clients/typescript/src/connection.ts";
import { DueStream } from "../../../clients/typescript/src/worker/due-stream.ts";
import { statsOf } from "../../support/grpc.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { clientOf, until } from "./client.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ env: { DLQ_DRAIN_GRACE: "5s", DLQ_EXPIRY_GRACE_MAX: "1s" } });
});
afterAll(() => server.stop());

const error = new Error("it broke");
const LONG = { timeout: 300_000 };
/** What a killed server had written and the worker not read is delivered again after this. */
const LEASE_MS = 5_000;
const pause = () => new Promise((resolve) => setTimeout(resolve, 5));

/** Sends `count` messages, and processes them while `disturb` runs. */
async function through(
  queue: string,
  count: number,
  disturb: () => Promise<void>,
  options: { readonly leaseDurationMs?: number } = {},
) {
  const dlq = clientOf(server, { timeoutMs: 240_000 });
  const payloads = Array.from({ length: count }, (_, at) => `m${at}`);
  await Promise.all(payloads.map((text) => dlq.send(queue, text, error, { delayMs: 0 })));
  const done = new Set<string>();
  const errors: string[] = [];
  let calls = 0;
  const worker = dlq.worker({
    queues: [queue],
    concurrency: 4,
    ...options,
    onError: ({ kind }) => errors.push(kind),
    handler: async ({ payload }) => {
      calls++;
      await pause();
      done.add(payload.text());
    },
  });
  await until(() => done.size > 20, "the first ones");
  await disturb();
  await until(() => done.size === count, "all");
  await worker.stop();
  const stats = await statsOf(dlq.stubs, queue);
  return { stats, calls, errors };
}

it("a restart of the server: each message is processed once", LONG, async () => {
  const { stats, calls } = await through("restarted", 600, () => server.restart());
  expect(calls).toBe(600);
  expect(stats.totals).toMatchObject({ succeeded: 600n, leaseExpiries: 0n, failedAttempts: 0n });
});

it("a killed server: the worker reconnects, and every message is processed", LONG, async () => {
  const kill = async () => {
    await server.kill9();
    await server.restart();
  };
  const { stats, errors } = await through("killed", 600, kill, { leaseDurationMs: LEASE_MS });
  expect(errors).toContain("connection");
  expect(stats.totals).toMatchObject({ accepted: 600n, succeeded: 600n, failedAttempts: 0n });
  expect(stats).toMatchObject({ inFlight: 0n, scheduled: 0n });
});

it("a stream without frames is opened again, with the same worker session", LONG, async () => {
  const connect = createConnections({ url: `http://${server.grpcAddress}` });
  const resumed: string[] = [];
  const broken: string[] = [];
  const stream = new DueStream({
    connect,
    frameTimeoutMs: 200, // far less than the server's heartbeat
    open: ({ stubs }, resumeSessionId, signal) => {
      resumed.push(resumeSessionId);
      return stubs.streamDue({ queues: ["silent"], resumeSessionId }, { signal });
    },
    onOpened: () => {},
    onDeliveries: () => {},
    onBroken: ({ message }) => broken.push(message),
    beforeResume: () => Promise.resolve(),
  });
  await until(() => resumed.length > 1, "the second stream");
  stream.close();
  await stream.done;
  expect(resumed[0]).toBe("");
  expect(resumed[1]).toBe(stream.sessionId);
  expect(broken[0]).toContain("no frame came for 0.2 s");
});

it("a stream that was open is opened again after an error of a proxy", LONG, async () => {
  const connect = createConnections({ url: `http://${server.grpcAddress}` });
  const broken: string[] = [];
  let opened = 0;
  let opens = 0;
  const stream = new DueStream({
    connect,
    frameTimeoutMs: 200,
    open: ({ stubs }, resumeSessionId, signal) => {
      if (++opens === 2) throw new ConnectError("HTTP 404", Code.Unimplemented);
      return stubs.streamDue({ queues: ["proxied"], resumeSessionId }, { signal });
    },
    onOpened: () => opened++,
    onDeliveries: () => {},
    onBroken: ({ message }) => broken.push(message),
    beforeResume: () => Promise.resolve(),
  });
  await until(() => opened === 2, "the stream after that");
  stream.close();
  await stream.done;
  expect(broken.join()).toContain("HTTP 404");
});

it("a worker can stop while the server is unavailable", LONG, async () => {
  const dlq = clientOf(server);
  await dlq.send("gone", "x", error, { delayMs: 0 });
  const errors: string[] = [];
  let calls = 0;
  const finish = Promise.withResolvers<void>();
  const worker = dlq.worker({
    queues: ["gone"],
    onError: ({ message }) => errors.push(message),
    handler: async () => {
      calls++;
      await finish.promise;
    },
  });
  await until(() => calls === 1, "the handler");
  await server.kill9();
  finish.resolve();
  await worker.stop();
  expect(errors.join()).toContain("could not be reported");
  await server.restart();
});
