// Batch handlers and middleware, against a real server.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type BatchHandler,
  type BatchHandlerOptions,
  type DlqClientError,
  fail,
  type Middleware,
  quarantine,
  type SettledDelivery,
  type WorkerOptions,
} from "../../../clients/typescript/src/index.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { clientOf, until } from "./client.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

let count = 0;
const newQueue = () => `forms${++count}`;
const NOW = { delayMs: 0, maxRetries: 1 };

describe("a batch handler", () => {
  /** Sends messages, works until each is settled once, and returns the outcomes by payload. */
  async function worked(
    batchHandler: BatchHandler,
    payloads: readonly string[] = ["a", "b", "c"],
    options: Partial<BatchHandlerOptions> = {},
  ) {
    const dlq = clientOf(server);
    const queue = newQueue();
    for (const payload of payloads) {
      await dlq.send(queue, payload, new Error("e"), {
        ...NOW,
        retryPolicy: { initialDelayMs: 60_000 },
      });
    }
    const settled = new Map<string, SettledDelivery>();
    const errors: DlqClientError[] = [];
    const sizes: number[] = [];
    const worker = dlq.worker({
      queues: [queue],
      batchHandler: (deliveries) => {
        sizes.push(deliveries.length);
        return batchHandler(deliveries);
      },
      onSettled: (delivery, result) => void settled.set(delivery.payload.text(), result),
      onError: (error) => errors.push(error),
      ...options,
    });
    await until(() => settled.size === payloads.length, "all outcomes");
    await worker.stop();
    const outcomes = Object.fromEntries([...settled].map(([text, { outcome }]) => [text, outcome]));
    return { outcomes, errors, sizes, settled };
  }

  it("gets what waits, up to its size", async () => {
    const payloads = Array.from({ length: 7 }, (_, at) => `p${at}`);
    const { outcomes, sizes } = await worked(() => {}, payloads, { batchSize: 3 });
    expect(Object.values(outcomes)).toEqual(payloads.map(() => "succeeded"));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(3);
    expect(sizes.length).toBeLessThan(payloads.length);
  });

  it("decides on each delivery, or on all", async () => {
    const each: BatchHandler = (all) =>
      all.map(({ payload }) =>
        payload.text() === "b" ? quarantine("b") : payload.text() === "c" ? fail("no") : undefined,
      );
    const { outcomes } = await worked(each);
    expect(outcomes).toEqual({ a: "succeeded", b: "quarantined", c: "failed" });
    const { outcomes: all } = await worked(() => quarantine());
    expect(all).toEqual({ a: "quarantined", b: "quarantined", c: "quarantined" });
  });

  it("fails all if it throws, which is reported once a batch", async () => {
    const { outcomes, errors, sizes, settled } = await worked(() => {
      throw new RangeError("no stock");
    });
    expect(outcomes).toEqual({ a: "failed", b: "failed", c: "failed" });
    expect(settled.get("a")?.error).toBeInstanceOf(RangeError);
    expect(errors.map(({ kind }) => kind)).toEqual(sizes.map(() => "handler-failed"));
  });

  it("fails all if it returns too few outcomes", async () => {
    const { outcomes, errors } = await worked(() => []);
    expect(outcomes).toEqual({ a: "failed", b: "failed", c: "failed" });
    expect(errors[0]?.cause).toMatchObject({
      message: expect.stringMatching(/^the handler returned 0 outcomes for \d deliveries$/),
    });
  });

  it("that sends one of its messages fails that delivery only", async () => {
    const dlq = clientOf(server);
    const queue = newQueue();
    for (const sourceId of ["one", "two"])
      await dlq.send(queue, "x", undefined, { ...NOW, sourceId });
    const outcomes = new Map<string, string>();
    dlq.worker({
      queues: [queue],
      batchHandler: async () => {
        await dlq.send(queue, "x", new Error("again"), { sourceId: "two" });
      },
      onSettled: ({ sourceId }, { outcome }) => void outcomes.set(sourceId, outcome),
    });
    await until(() => outcomes.size === 2, "both outcomes");
    expect([...outcomes].sort()).toEqual([
      ["one", "succeeded"],
      ["two", "failed"],
    ]);
  });

  it("that sends equal messages fails each of them", async () => {
    const dlq = clientOf(server);
    const queue = newQueue();
    for (let n = 0; n < 3; n++) await dlq.send(queue, "same", undefined, NOW);
    const outcomes: string[] = [];
    dlq.worker({
      queues: [queue],
      batchHandler: async (deliveries) => {
        for (const { payload } of deliveries) await dlq.send(queue, payload.text(), new Error("e"));
      },
      onSettled: (_, { outcome }) => void outcomes.push(outcome),
    });
    await until(() => outcomes.length === 3, "all outcomes");
    expect(outcomes).toEqual(["failed", "failed", "failed"]);
  });
});

it("middleware runs around the handler, the first outermost, and sees and replaces its result", async () => {
  const dlq = clientOf(server);
  const queue = newQueue();
  const seen: string[] = [];
  const named =
    (name: string): Middleware =>
    async ({ payload }, next) => {
      seen.push(`${name} ${payload.text()}`);
      try {
        return await next();
      } catch {
        return quarantine("middleware");
      } finally {
        seen.push(`after ${name}`);
      }
    };
  await dlq.send(queue, "x", new Error("e"), NOW);
  const settled = new Promise<SettledDelivery>((onSettled) => {
    dlq.worker({
      queues: [queue],
      middleware: [named("one"), named("two")],
      handler: () => {
        throw new Error("no stock");
      },
      onSettled: (_, result) => onSettled(result),
    });
  });
  expect(await settled).toMatchObject({ outcome: "quarantined" });
  expect(seen).toEqual(["one x", "two x", "after two", "after one"]);
});

it("the compiler accepts one handler and its options", () => {
  const [queues, handler, batchHandler] = [["q"], () => {}, () => {}];
  const given: readonly WorkerOptions[] = [
    { queues, handler, middleware: [] },
    { queues, batchHandler, batchSize: 10 },
    { queues, handler: undefined, batchHandler },
    // @ts-expect-error no handler
    { queues },
    // @ts-expect-error two handlers
    { queues, handler, batchHandler },
    // @ts-expect-error an option of the other handler
    { queues, handler, batchSize: 10 },
    // @ts-expect-error an option of the other handler
    { queues, batchHandler, middleware: [] },
  ];
  expect(given).toHaveLength(7);
});

it.for([
  [{}, "either handler or batchHandler"],
  [{ handler: () => {}, batchHandler: () => {} }, "either handler or batchHandler"],
  [{ handler: () => {}, batchSize: 2 }, "batchSize is for batchHandler"],
  [{ batchHandler: () => {}, batchSize: 1_001 }, "a whole number from 1 to 1000"],
  [{ batchHandler: () => {}, middleware: [() => {}] }, "middleware wraps handler"],
] as const)("%j is refused", ([options, words]) => {
  expect(() => clientOf(server).worker({ queues: ["q"], ...options } as WorkerOptions)).toThrow(
    words,
  );
});
