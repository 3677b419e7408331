// The end of a client and of its workers takes no longer than it may, whatever hangs.

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
  readonly goOn: () => void;
  readonly errors: readonly string[];
  isAborted(): boolean;
}

/** A worker in the midst of its one message. */
async function busyWorker(dlq: DlqClient, queue: string): Promise<Busy> {
  stored(await dlq.send(queue, "x", error, { delayMs: 0 }));
  const { promise, resolve: goOn } = Promise.withResolvers<void>();
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
  return { worker, goOn, errors, isAborted: () => signal?.aborted === true };
}

async function tookMs(end: Promise<void>): Promise<number> {
  const startedAtMs = performance.now();
  await end;
  return performance.now() - startedAtMs;
}

it(
  "a dead server does not hold up a close that is bounded, and what was lost is told",
  LONG,
  async () => {
    const dlq = clientOf(server);
    const { goOn, errors } = await busyWorker(dlq, "dead");
    await server.kill9();
    goOn();
    expect(await tookMs(dlq.close(100))).toBeLessThan(3_500);
    expect(errors.join()).toContain("could not be reported");
    await server.restart();
  },
);

it("a later call hastens the end, and an earlier one is not prolonged", async () => {
  const dlq = clientOf(server);
  const { worker, goOn, isAborted } = await busyWorker(dlq, "hasty");
  const stopped = worker.stop(60_000);
  const closed = tookMs(dlq.close(100));
  void worker.stop(90_000);
  await until(isAborted, "the abort");
  goOn();
  await stopped;
  expect(await closed).toBeLessThan(4_000);
});

it("without a bound it waits, and does not abort", async () => {
  const dlq = clientOf(server);
  const { worker, goOn, isAborted } = await busyWorker(dlq, "patient");
  const stopped = worker.stop(Number.POSITIVE_INFINITY);
  await dlq.stubs.stats({ queues: ["patient"] }); // a turn of the network
  expect(isAborted()).toBe(false);
  goOn();
  await stopped;
});

/** Takes its time over what it is told. */
function slowListener() {
  const { promise, resolve: hear } = Promise.withResolvers<void>();
  let isHeard = false;
  const onDropped = async () => {
    await promise;
    isHeard = true;
  };
  return { onDropped, hear, isHeard: () => isHeard };
}

it.each([
  ["flush", (dlq: DlqClient) => dlq.flush()],
  ["close", (dlq: DlqClient) => dlq.close()],
])("%s waits until what was dropped has been heard of", async (_, end) => {
  const { onDropped, hear, isHeard } = slowListener();
  const dlq = clientOf(server, { onDropped });
  expect((await dlq.send("no/queue", "x", error)).status).toBe("dropped");
  expect(isHeard()).toBe(false);
  const ended = end(dlq);
  setTimeout(hear, 20);
  await ended;
  expect(isHeard()).toBe(true);
});

it("a close that is bounded waits no longer for whoever is told", async () => {
  const dlq = clientOf(server, { onDropped: slowListener().onDropped });
  await dlq.send("no/queue", "x", error);
  expect(await tookMs(dlq.close(0))).toBeLessThan(1_000);
});

it("a client may be closed by whoever is told", async () => {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const dlq: DlqClient = clientOf(server, {
    onDropped: async () => resolve(await dlq.close(100)),
  });
  await dlq.send("no/queue", "x", error);
  await closed;
});

it("what the console was not told of yet it is told by a close", async () => {
  const lines = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => lines.mockRestore());
  const dlq = clientOf(server, { onDropped: undefined });
  for (const queue of ["no/1", "no/2", "no/3"]) await dlq.send(queue, "x", error);
  await dlq.close();
  expect(lines.mock.calls.map(([line]) => String(line).slice(0, 60))).toEqual([
    expect.stringContaining("dropped a message for no/1:"),
    expect.stringContaining("dropped a message for no/3 (and 1 before it):"),
  ]);
});

it("a client that is closed starts no worker", async () => {
  const dlq = clientOf(server);
  await dlq.close();
  expect(() => dlq.worker({ queues: ["q"], handler: () => {} })).toThrow(/make another one/);
});
