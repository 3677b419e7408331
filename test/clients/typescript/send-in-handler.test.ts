// A send of the message that a handler works on becomes its outcome, and functions wrapped with
// deadLetter.

import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import {
  type Delivery,
  type DlqClient,
  type Handler,
  quarantine,
  type SendResult,
  type SettledDelivery,
  succeed,
} from "../../../clients/typescript/src/index.ts";
import { createFakeDlq } from "../../../clients/typescript/src/testing/index.ts";
import { statsOf } from "../../support/grpc.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { clientOf, stored } from "./client.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

let count = 0;
const newQueue = () => `s${++count}`;
const error = new Error("it broke");

interface Settled {
  readonly settled: SettledDelivery;
  readonly id: string;
}

async function workOn(
  dlq: DlqClient,
  queue: string,
  handler: Handler,
  options: { payload?: unknown; sourceId?: string } = {},
): Promise<Settled> {
  const { payload = { order: 42 }, sourceId } = options;
  const { id } = stored(await dlq.send(queue, payload, error, { delayMs: 0, sourceId }));
  const { promise, resolve } = Promise.withResolvers<SettledDelivery>();
  const onSettled = (delivery: Delivery, settled: SettledDelivery) => {
    if (delivery.id === id) resolve(settled);
  };
  const worker = dlq.worker({ queues: [queue], handler, onSettled });
  const settled = await promise;
  await worker.stop();
  return { settled, id };
}

describe("a send of the same message in its handler", () => {
  it("becomes the failure of that delivery, even if the handler then returns", async () => {
    const dlq = clientOf(server);
    const queue = newQueue();
    let result: SendResult | undefined;
    const { settled, id } = await workOn(dlq, queue, async (delivery) => {
      await new Promise((resolve) => setImmediate(resolve));
      result = await dlq.send(queue, delivery.payload.json(), new RangeError("again"));
    });
    expect(result).toEqual({ status: "delivery", id });
    expect(settled).toMatchObject({ outcome: "failed", state: "SCHEDULED" });
    const { totals } = await statsOf(dlq.stubs, queue);
    expect(totals).toMatchObject({ accepted: 1n, failedAttempts: 1n });
  });

  it("gives its fingerprint to the failure", async () => {
    const fake = createFakeDlq();
    onTestFinished(() => fake.close(0));
    const handler: Handler = async ({ payload }) => {
      await fake.send("q", payload, error, { fingerprint: "bank-down" });
    };
    await workOn(fake, "q", handler);
    expect(fake.messages("q").at(0)?.failure).toMatchObject({ fingerprint: "bank-down" });
  });

  it("becomes it whatever the handler returns as success, by any client of the service", async () => {
    const dlq = clientOf(server);
    const other = clientOf(server);
    const { settled } = await workOn(dlq, newQueue(), async (delivery) => {
      const { status } = await other.send(delivery.queue, delivery, new RangeError("again"));
      expect(status).toBe("delivery");
      return succeed();
    });
    expect(settled).toMatchObject({ outcome: "failed", state: "SCHEDULED" });
  });

  it("is recognized by its source id, although its payload has changed", async () => {
    const dlq = clientOf(server);
    const queue = newQueue();
    const handler: Handler = async () => {
      await dlq.send(queue, "changed", error, { sourceId: "order-42" });
    };
    const { settled } = await workOn(dlq, queue, handler, { sourceId: "order-42" });
    expect(settled.outcome).toBe("failed");
  });

  it("is recognized by its JSON, although its text differs", async () => {
    const dlq = clientOf(server);
    const queue = newQueue();
    const payload = '{ "name": "J\\u00fcrgen",\n "amount": 1.0 }';
    const { settled } = await workOn(
      dlq,
      queue,
      async (delivery) => void (await dlq.send(queue, delivery.payload.json(), error)),
      { payload },
    );
    expect(settled.outcome).toBe("failed");
    expect((await statsOf(dlq.stubs, queue)).totals).toMatchObject({ accepted: 1n });
  });

  it("is overridden by the outcome that the handler returns", async () => {
    const dlq = clientOf(server);
    const queue = newQueue();
    const { settled } = await workOn(dlq, queue, async ({ payload }) => {
      await dlq.send(queue, payload, error);
      return quarantine("look at it");
    });
    expect(settled).toMatchObject({ outcome: "quarantined", state: "QUARANTINED" });
  });

  it("counts although its delay is longer than the limit of workers", async () => {
    const dlq = clientOf(server);
    const queue = newQueue();
    const { settled } = await workOn(dlq, queue, async ({ payload }) => {
      await dlq.send(queue, payload, error, { delayMs: 60 * 24 * 3_600_000 });
    });
    expect(settled).toMatchObject({ outcome: "failed", state: "SCHEDULED" });
  });

  it("becomes a release if the stopping worker has aborted the handler", async () => {
    const dlq = clientOf(server);
    const queue = newQueue();
    stored(await dlq.send(queue, "x", error, { delayMs: 0 }));
    const { promise: isRunning, resolve: started } = Promise.withResolvers<void>();
    const handler = dlq.deadLetter(queue, async ({ signal }: Delivery): Promise<void> => {
      await new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        started();
      });
    });
    const worker = dlq.worker({ queues: [queue], handler });
    await isRunning;
    await worker.stop(0);
    const { totals } = await statsOf(dlq.stubs, queue);
    expect(totals).toMatchObject({ accepted: 1n, released: 1n, failedAttempts: 0n });
  });

  it("makes no second message if the stopping worker has released it", async () => {
    const dlq = clientOf(server);
    const queue = newQueue();
    stored(await dlq.send(queue, "x", error, { delayMs: 0 }));
    const { promise: isRunning, resolve: started } = Promise.withResolvers<void>();
    const { promise: isStopped, resolve: stopped } = Promise.withResolvers<void>();
    const { promise: isSent, resolve: sent } = Promise.withResolvers<SendResult>();
    const handler: Handler = async ({ payload }) => {
      started();
      await isStopped;
      sent(await dlq.send(queue, payload.text(), error));
    };
    const worker = dlq.worker({ queues: [queue], handler });
    await isRunning;
    await worker.stop(0);
    stopped();
    expect(await isSent).toMatchObject({ status: "delivery" });
    const { totals } = await statsOf(dlq.stubs, queue);
    expect(totals).toMatchObject({ accepted: 1n, released: 1n, failedAttempts: 0n });
  });

  it("uses the delay of the send", async () => {
    const dlq = clientOf(server);
    const queue = newQueue();
    const { settled } = await workOn(dlq, queue, async ({ payload }) => {
      await dlq.send(queue, payload, error, { delayMs: 50_000_000 });
    });
    expect(settled.dueTime?.getTime()).toBeGreaterThan(Date.now() + 49_000_000);
  });

  it.each([
    ["another payload", { payload: "other" }],
    ["another source id", { payload: { order: 42 }, sourceId: "order-43" }],
    ["another queue", { payload: { order: 42 }, queue: "elsewhere" }],
  ])(
    "is a new message with %s",
    async (_, {
      payload,
      sourceId,
      queue: other,
    }: {
      payload: unknown;
      sourceId?: string;
      queue?: string;
    }) => {
      const dlq = clientOf(server);
      const queue = newQueue();
      const results: SendResult[] = [];
      const handler: Handler = async () => {
        const options = { delayMs: 3_600_000, sourceId };
        results.push(await dlq.send(other ?? queue, payload, error, options));
      };
      const { settled } = await workOn(dlq, queue, handler, { sourceId: "order-42" });
      expect(settled.outcome).toBe("succeeded");
      expect(results.map(({ status }) => status)).toEqual(["sent"]);
    },
  );
});

describe("deadLetter", () => {
  it("resolves to the result of the function", async () => {
    const dlq = clientOf(server);
    const double = dlq.deadLetter(newQueue(), async (n: number) => n * 2);
    expect(await double(21)).toBe(42);
  });

  it("sends the first argument when the function throws, and resolves to undefined", async () => {
    const dlq = clientOf(server);
    const queue = newQueue();
    const charge = dlq.deadLetter(queue, (_order: { id: number }, _how: string) => {
      throw new RangeError("no funds");
    });
    expect(await charge({ id: 7 }, "card")).toBeUndefined();
    let seen: Delivery | undefined;
    await dlq.stubs.retry({ queue, filter: { states: [1] }, expectedCount: 1 });
    const worker = dlq.worker({
      queues: [queue],
      handler: (delivery) => {
        seen = delivery;
      },
    });
    await vi.waitFor(() => expect(seen).toBeDefined());
    await worker.stop();
    expect(seen?.payload.json()).toEqual({ id: 7 });
    expect(seen?.failure).toMatchObject({ type: "RangeError", message: "no funds" });
  });

  it("sends the payload and options that its options compute from the arguments", async () => {
    const dlq = clientOf(server);
    const queue = newQueue();
    const charge = dlq.deadLetter(
      queue,
      (_id: string, _body: string) => {
        throw new Error("x");
      },
      { payload: (_id, body) => body, send: (id) => ({ dedupKey: id, sourceId: id }) },
    );
    await charge("one", "body");
    await charge("one", "body");
    await charge("two", "body");
    const { totals } = await statsOf(dlq.stubs, queue);
    expect(totals).toMatchObject({ accepted: 2n, joined: 1n });
  });

  it("rejects with the function's error when the message could not be stored", async () => {
    const dlq = clientOf(server);
    const own = new RangeError("no funds");
    const charge = dlq.deadLetter("no/queue", () => Promise.reject(own));
    await expect(charge()).rejects.toBe(own);
  });

  it("rejects with the function's error when its options throw", async () => {
    const dlq = clientOf(server);
    const own = new RangeError("no funds");
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const payload = () => {
      throw new Error("oops");
    };
    const charge = dlq.deadLetter(newQueue(), () => Promise.reject(own), { payload });
    await expect(charge()).rejects.toBe(own);
    log.mockRestore();
  });

  it("makes no second message in a handler, or as a handler", async () => {
    const dlq = clientOf(server);
    const inside = newQueue();
    const charge = dlq.deadLetter(inside, (_order: unknown) => Promise.reject(error));
    const called = await workOn(dlq, inside, ({ payload }) => charge(payload.json()));
    expect(called.settled.outcome).toBe("failed");
    expect((await statsOf(dlq.stubs, inside)).totals).toMatchObject({ accepted: 1n });

    const whole = newQueue();
    const handler = dlq.deadLetter(whole, (_: Delivery): Promise<void> => Promise.reject(error));
    expect((await workOn(dlq, whole, handler)).settled.outcome).toBe("failed");
    expect((await statsOf(dlq.stubs, whole)).totals).toMatchObject({ accepted: 1n });
  });
});
