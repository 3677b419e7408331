// Closing a client and stopping its workers ends in time, whatever hangs.

import { afterAll, beforeAll, expect, it, onTestFinished, vi } from "vitest";
import type { DlqClient, Worker } from "../../../clients/typescript/src/index.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { clientOf, stored, until } from "./client.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const error = new Error("it broke");
const LONG = { timeout: 60_000 };

interface Busy {
  readonly worker: Worker;
  readonly finish: () => void;
  readonly errors: readonly string[];
  isAborted(): boolean;
}

/** Starts a worker whose handler runs until `finish` is called. */
async function busyWorker(dlq: DlqClient, queue: string): Promise<Busy> {
  stored(await dlq.send(queue, "x", error, { delayMs: 0 }));
  const { promise, resolve: finish } = Promise.withResolvers<void>();
  const errors: string[] = [];
  let signal: AbortSignal | undefined;
  const worker = dlq.worker({
    queues: [queue],
    onError: ({ message }) => errors.push(message),
    handler: (delivery) => {
      signal = delivery.signal;
      return promise;
    },
  });
  await until(() => signal !== undefined, "the handler");
  return { worker, finish, errors, isAborted: () => signal?.aborted === true };
}

async function tookMs(end: Promise<void>): Promise<number> {
  const startedAtMs = performance.now();
  await end;
  return performance.now() - startedAtMs;
}

it(
  "close(100) ends although the server is dead, and the lost outcome is reported",
  LONG,
  async () => {
    const dlq = clientOf(server);
    const { finish, errors } = await busyWorker(dlq, "dead");
    await server.kill9();
    finish();
    expect(await tookMs(dlq.close(100))).toBeLessThan(3_500);
    expect(errors.join()).toContain("could not be reported");
    await server.restart();
  },
);

it("a second stop shortens the timeout, and cannot extend it", async () => {
  const dlq = clientOf(server);
  const { worker, finish, isAborted } = await busyWorker(dlq, "shortened");
  const stopped = worker.stop(60_000);
  const closed = tookMs(dlq.close(100));
  void worker.stop(90_000);
  await until(isAborted, "the abort");
  finish();
  await stopped;
  expect(await closed).toBeLessThan(4_000);
});

it("stop without a timeout waits for handlers and does not abort them", async () => {
  const dlq = clientOf(server);
  const { worker, finish, isAborted } = await busyWorker(dlq, "unlimited");
  const stopped = worker.stop(Number.POSITIVE_INFINITY);
  await dlq.stubs.stats({ queues: ["unlimited"] }); // a round trip
  expect(isAborted()).toBe(false);
  finish();
  await stopped;
});

/** Returns an `onDropped` whose promise settles when `end` is called. */
function slowCallback() {
  const { promise, resolve: end } = Promise.withResolvers<void>();
  let hasEnded = false;
  const onDropped = async () => {
    await promise;
    hasEnded = true;
  };
  return { onDropped, end, hasEnded: () => hasEnded };
}

it.each([
  ["flush", (dlq: DlqClient) => dlq.flush()],
  ["close", (dlq: DlqClient) => dlq.close()],
])("%s waits for the promise of onDropped", async (_, run) => {
  const { onDropped, end, hasEnded } = slowCallback();
  const dlq = clientOf(server, { onDropped });
  expect((await dlq.send("no/queue", "x", error)).status).toBe("dropped");
  expect(hasEnded()).toBe(false);
  const ended = run(dlq);
  setTimeout(end, 20);
  await ended;
  expect(hasEnded()).toBe(true);
});

it("close(0) does not wait for the promise of onDropped", async () => {
  const dlq = clientOf(server, { onDropped: slowCallback().onDropped });
  await dlq.send("no/queue", "x", error);
  expect(await tookMs(dlq.close(0))).toBeLessThan(1_000);
});

it("onDropped may close the client", async () => {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const dlq: DlqClient = clientOf(server, {
    onDropped: async () => resolve(await dlq.close(100)),
  });
  await dlq.send("no/queue", "x", error);
  await closed;
});

it("close logs the drops that are not logged yet", async () => {
  const lines = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => lines.mockRestore());
  const dlq = clientOf(server, { onDropped: undefined });
  for (const queue of ["no/1", "no/2", "no/3"]) await dlq.send(queue, "x", error);
  await dlq.close();
  expect(lines.mock.calls.map(([line]) => String(line).slice(0, 200))).toEqual([
    expect.stringMatching(/dropped a message for queue "no\/1" \(refused\): /),
    expect.stringMatching(/dropped 2 messages, the last for queue "no\/3" \(refused\): /),
  ]);
});

it("a closed client starts no worker", async () => {
  const dlq = clientOf(server);
  await dlq.close();
  expect(() => dlq.worker({ queues: ["q"], handler: () => {} })).toThrow(/make another one/);
});
