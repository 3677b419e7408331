// The worker of the TypeScript client against a real server.

import { createRouterTransport } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { createConnections } from "../../../clients/typescript/src/connection.ts";
import {
  AckStatus,
  type Delivery,
  DlqService,
  discard,
  fail,
  type Handler,
  type HandlerOptions,
  NonRetryableError,
  quarantine,
  RetryAfterError,
  release,
  type SettledDelivery,
} from "../../../clients/typescript/src/index.ts";
import { ReconnectingChannel } from "../../../clients/typescript/src/reconnecting-channel.ts";
import { HeldDelivery } from "../../../clients/typescript/src/worker/delivery.ts";
import { Leases } from "../../../clients/typescript/src/worker/leases.ts";
import { statsOf } from "../../support/grpc.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { Worker as RawWorker, type Received } from "../../support/worker.ts";
import { clientOf, stored, until } from "./client.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

let count = 0;
const newQueue = () => `w${++count}`;
const error = new Error("it broke");
const NOW = { delayMs: 0 };

interface Settled extends SettledDelivery {
  readonly id: string;
}

/** Sends a message, processes it once, and returns its state after that. */
async function workOn(
  handler: Handler,
  options: Partial<HandlerOptions> = {},
  payload: unknown = "x",
): Promise<Settled> {
  const dlq = clientOf(server);
  const queue = newQueue();
  const { id } = stored(await dlq.send(queue, payload, error, { ...NOW, sourceId: queue }));
  const { promise, resolve } = Promise.withResolvers<Settled>();
  const onSettled = (delivery: Delivery, result: SettledDelivery) =>
    resolve({ id: delivery.id, ...result });
  const worker = dlq.worker({ queues: [queue], handler, onSettled, ...options });
  const settled = await promise;
  expect(settled.id).toBe(id);
  await worker.stop();
  return settled;
}

const inMs = ({ dueTime }: SettledDelivery) => (dueTime?.getTime() ?? 0) - Date.now();

describe("the outcome of a delivery", () => {
  it("is succeeded when the handler returns", async () => {
    expect(await workOn(() => {})).toMatchObject({ outcome: "succeeded", state: "SUCCEEDED" });
    expect(await workOn(async () => {})).toMatchObject({ outcome: "succeeded" });
  });

  it("is failed when the handler throws", async () => {
    const handler = () => Promise.reject(new RangeError("too far"));
    expect(await workOn(handler)).toMatchObject({ outcome: "failed", state: "SCHEDULED" });
  });

  it("is a retry at the time of a RetryAfterError", async () => {
    const settled = await workOn(() => {
      throw new RetryAfterError("busy", 40_000_000);
    });
    expect(inMs(settled)).toBeGreaterThan(39_000_000);
  });

  it("is quarantine for a NonRetryableError", async () => {
    const settled = await workOn(() => {
      throw new NonRetryableError("no such order");
    });
    expect(settled).toMatchObject({ outcome: "failed", quarantineReason: "NON_RETRYABLE" });
  });

  it("is the outcome that the handler returns", async () => {
    expect(await workOn(() => discard("old"))).toMatchObject({ state: "DISCARDED" });
    expect(await workOn(() => quarantine("look"))).toMatchObject({
      quarantineReason: "WORKER_REQUEST",
    });
    const released = await workOn(() => release({ delayMs: 50_000_000 }));
    expect(released.outcome).toBe("released");
    expect(inMs(released)).toBeGreaterThan(49_000_000);
    const failed = await workOn(() => fail("busy", { retryAfterMs: 50_000_000 }));
    expect(inMs(failed)).toBeGreaterThan(49_000_000);
    const hopeless = await workOn(() => fail(error, { nonRetryable: true }));
    expect(hopeless.quarantineReason).toBe("NON_RETRYABLE");
  });
});

it("a handler gets the message and its failure", async () => {
  let seen: Delivery | undefined;
  await workOn(
    (delivery) => {
      seen = delivery;
    },
    {},
    { order: 42 },
  );
  expect(seen?.payload.json<{ order: number }>().order).toBe(42);
  expect(seen?.payload.text()).toBe('{"order":42}');
  expect(new TextDecoder().decode(seen?.payload.bytes())).toBe('{"order":42}');
  expect(seen?.failure).toMatchObject({ type: "Error", message: "it broke" });
  expect(seen).toMatchObject({ attempt: 1, deliveryNumber: 1, outcomeUnknown: false });
  expect(seen?.sourceId).toBe(seen?.queue);
  expect(seen?.leaseExpireTime.getTime()).toBeGreaterThan(Date.now());
});

it("runs as many handlers at a time as concurrency allows", async () => {
  const dlq = clientOf(server);
  const queue = newQueue();
  const many = Array.from({ length: 200 }, (_, at) => dlq.send(queue, `m${at}`, error, NOW));
  await Promise.all(many);
  let running = 0;
  let highest = 0;
  let done = 0;
  const worker = dlq.worker({
    queues: [queue],
    concurrency: 7,
    handler: async () => {
      highest = Math.max(highest, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      done++;
    },
  });
  await until(() => done === 200, "all");
  await worker.stop();
  expect(highest).toBe(7);
  const { totals, inFlight } = await statsOf(dlq.stubs, queue);
  expect({ ...totals, inFlight }).toMatchObject({
    succeeded: 200n,
    deliveries: 200n,
    inFlight: 0n,
  });
});

it("handlers that throw at once do not stop the worker", async () => {
  const dlq = clientOf(server);
  const queue = newQueue();
  await Promise.all(Array.from({ length: 50 }, () => dlq.send(queue, "x", error, NOW)));
  let settled = 0;
  const worker = dlq.worker({
    queues: [queue],
    concurrency: 1,
    prefetch: 49,
    onSettled: () => void settled++,
    handler: () => {
      throw new NonRetryableError("no such order");
    },
  });
  await until(() => settled === 50, "all");
  await worker.stop();
  expect(await statsOf(dlq.stubs, queue)).toMatchObject({ quarantined: 50n });
});

describe("a lease", () => {
  it("is extended while a handler runs, and while a delivery waits for a handler", async () => {
    const dlq = clientOf(server);
    const queue = newQueue();
    await Promise.all(["a", "b"].map((text) => dlq.send(queue, text, error, NOW)));
    const firstExpiry = Promise.withResolvers<Delivery>();
    const finish = Promise.withResolvers<void>();
    const numbers: number[] = [];
    const worker = dlq.worker({
      queues: [queue],
      concurrency: 1,
      prefetch: 1,
      leaseDurationMs: 1_000,
      handler: async (delivery) => {
        numbers.push(delivery.deliveryNumber);
        firstExpiry.resolve(delivery);
        await finish.promise;
      },
    });
    const delivery = await firstExpiry.promise;
    const afterThreeMs = delivery.leaseExpireTime.getTime() + 2_000;
    await until(() => delivery.leaseExpireTime.getTime() > afterThreeMs, "three leases");
    finish.resolve();
    await until(() => numbers.length === 2, "the other one");
    await worker.stop();
    expect(numbers).toEqual([1, 1]);
    const { totals } = await statsOf(dlq.stubs, queue);
    expect(totals).toMatchObject({ succeeded: 2n, leaseExpiries: 0n, deliveries: 2n });
  });

  it("that is lost aborts its handler, and no outcome is sent", async () => {
    const dlq = clientOf(server);
    const queue = newQueue();
    stored(await dlq.send(queue, "x", error, NOW));
    const errors: string[] = [];
    const aborted = Promise.withResolvers<unknown>();
    const worker = dlq.worker({
      queues: [queue],
      leaseDurationMs: 1_000,
      onError: ({ kind }) => errors.push(kind),
      handler: async (delivery) => {
        // As another worker would that has got the message.
        const { leaseToken } = delivery as Delivery & { leaseToken: string };
        const result = { case: "discarded", value: {} } as const;
        await dlq.stubs.ack({ outcomes: [{ leaseToken, result }] });
        delivery.signal.addEventListener("abort", () => aborted.resolve(delivery.signal.reason));
        await aborted.promise;
        throw new Error("not to be reported");
      },
    });
    expect(await aborted.promise).toMatchObject({ kind: "lease-lost" });
    await worker.stop();
    expect(errors).toEqual(["lease-lost"]);
    const { totals } = await statsOf(dlq.stubs, queue);
    expect(totals).toMatchObject({ discarded: 1n, failedAttempts: 0n });
  });
});

it("deliveries that a broken stream lost are released when it resumes", async () => {
  const dlq = clientOf(server);
  const queue = newQueue();
  await Promise.all(["a", "b", "c"].map((text) => dlq.send(queue, text, error, NOW)));
  const raw = await RawWorker.open(dlq.stubs, { queues: [queue], maxInFlight: 3 });
  await raw.hasReceived(3);
  await raw.close();
  const channel = new ReconnectingChannel(
    createConnections({ url: `http://${server.grpcAddress}` }),
  );
  onTestFinished(() => channel.close());
  const leases = new Leases({ channel, onLost: () => {}, onRefused: () => {} });
  const [kept] = await raw.take(1);
  const { delivery, message } = kept as Received;
  leases.add(new HeldDelivery(delivery, message, "", 0));
  await leases.releaseUnreceived(raw.opened.sessionId);
  const { totals, inFlight } = await statsOf(dlq.stubs, queue);
  expect({ ...totals, inFlight }).toMatchObject({ released: 2n, inFlight: 1n });
});

it("a lost delivery with an expired lease is not released: its message need not wait", async () => {
  const released: string[] = [];
  const transport = createRouterTransport(({ rpc }) => {
    rpc(DlqService.method.extendLease, () => ({
      results: [
        { leaseToken: "live", status: AckStatus.APPLIED },
        { leaseToken: "over", status: AckStatus.LEASE_LOST },
      ],
    }));
    rpc(DlqService.method.ack, ({ outcomes }) => {
      released.push(...outcomes.map(({ leaseToken }) => leaseToken));
      return {};
    });
  });
  const channel = new ReconnectingChannel(createConnections({ url: "", transport }));
  const leases = new Leases({ channel, onLost: () => {}, onRefused: () => {} });
  await leases.releaseUnreceived("0190a0b0-0000-7000-8000-000000000001");
  expect(released).toEqual(["live"]);
});

describe("a stopping worker", () => {
  it("waits for running handlers, reports their outcomes, and releases the rest", async () => {
    const dlq = clientOf(server);
    const queue = newQueue();
    await Promise.all(["a", "b", "c"].map((text) => dlq.send(queue, text, error, NOW)));
    const finish = Promise.withResolvers<void>();
    let started = 0;
    const worker = dlq.worker({
      queues: [queue],
      concurrency: 1,
      prefetch: 2,
      handler: async () => {
        started++;
        await finish.promise;
      },
    });
    await until(() => started === 1, "the first");
    const stopped = worker.stop();
    finish.resolve();
    await stopped;
    await worker.done;
    expect(started).toBe(1);
    const { totals, inFlight, scheduled } = await statsOf(dlq.stubs, queue);
    expect({ ...totals, inFlight, scheduled }).toMatchObject({
      succeeded: 1n,
      leaseExpiries: 0n,
      inFlight: 0n,
      scheduled: 2n,
    });
  });

  it("aborts handlers after its timeout, names them in the log, and releases their messages", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    onTestFinished(() => log.mockRestore());
    const dlq = clientOf(server);
    const queue = newQueue();
    stored(await dlq.send(queue, "x", error, NOW));
    let isRunning = false;
    const worker = dlq.worker({
      queues: [queue],
      handler: async ({ signal }) => {
        isRunning = true;
        await new Promise((_, reject) => signal.addEventListener("abort", reject));
      },
    });
    await until(() => isRunning, "the handler");
    await worker.stop(0);
    expect(log).toHaveBeenCalledExactlyOnceWith(
      expect.stringMatching(
        `cancels handlers that still run: message \\S+ of queue "${queue}", attempt 1, for `,
      ),
    );
    const { totals, scheduled } = await statsOf(dlq.stubs, queue);
    expect({ ...totals, scheduled }).toMatchObject({
      released: 1n,
      failedAttempts: 0n,
      scheduled: 1n,
    });
  });

  it("can be stopped by a signal, and by the end of an `await using` block", async () => {
    const dlq = clientOf(server);
    const abort = new AbortController();
    const worker = dlq.worker({ queues: [newQueue()], handler: () => {}, signal: abort.signal });
    abort.abort();
    await worker.done;
    const already = dlq.worker({ queues: [newQueue()], handler: () => {}, signal: abort.signal });
    await already.done;
    let disposed: Promise<void>;
    {
      await using short = dlq.worker({ queues: [newQueue()], handler: () => {} });
      disposed = short.done;
    }
    await disposed;
  });

  it("is stopped when its client is closed", async () => {
    const dlq = clientOf(server);
    const worker = dlq.worker({ queues: [newQueue()], handler: () => {} });
    await dlq.close();
    await worker.done;
  });
});

it("a refused request ends the worker, and names the field", async () => {
  const dlq = clientOf(server);
  const errors: string[] = [];
  const worker = dlq.worker({
    queues: ["no/queue"],
    handler: () => {},
    onError: ({ message }) => errors.push(message),
  });
  await expect(worker.done).rejects.toMatchObject({ kind: "refused" });
  expect(errors.join()).toMatch(/queues/);
  expect(() => dlq.worker({ queues: [], handler: () => {} })).toThrow(/name at least one/);
});

it("invalid numbers throw", () => {
  const dlq = clientOf(server);
  const rest = { queues: ["q"], handler: () => {} };
  expect(() => dlq.worker({ ...rest, concurrency: Number.NaN })).toThrow(/concurrency is NaN/);
  expect(() => dlq.worker({ ...rest, prefetch: -1 })).toThrow(/prefetch is -1/);
});

it("an outcome counts with any wait and any note", async () => {
  const year = 365 * 24 * 3_600_000;
  const long = "é".repeat(3_000_000);
  const settled = await Promise.all([
    workOn(() => fail(error, { retryAfterMs: Number.POSITIVE_INFINITY })),
    workOn(() => fail(error, { retryAfterMs: -1 })),
    workOn(() => release({ delayMs: year })),
    workOn(() => quarantine(long)),
    workOn(() => discard(long)),
  ]);
  const kinds = ["failed", "failed", "released", "quarantined", "discarded"];
  expect(settled.map(({ outcome }) => outcome)).toEqual(kinds);
});

it("a callback that throws does not stop a worker", async () => {
  const dlq = clientOf(server);
  const queue = newQueue();
  let done = 0;
  const worker = dlq.worker({
    queues: [queue],
    handler: () => void done++,
    onSettled: () => {
      throw new Error("oops");
    },
  });
  const { error: log } = console;
  console.error = () => {};
  onTestFinished(() => {
    console.error = log;
  });
  for (const expected of [1, 2]) {
    stored(await dlq.send(queue, "x", error, NOW));
    await until(() => done === expected, "the handler");
  }
  await worker.stop();
});
