// Code that is wrong in a small way loses no message: what handlers, middleware and wrappers send or return.

import { inspect } from "node:util";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import {
  type BatchHandler,
  type Delivery,
  fail,
  type Handler,
  type Middleware,
  NonRetryableError,
  type SendOptions,
  succeed,
} from "../../../clients/typescript/src/index.ts";
import { createFakeDlq } from "../../../clients/typescript/src/testing/index.ts";
import { until } from "./client.ts";

const error = new Error("it broke");
const LATER: SendOptions = {
  delayMs: 0,
  retryPolicy: { initialDelayMs: 3_600_000 },
  maxRetries: 1,
};

function fakeDlq() {
  const log = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => log.mockRestore());
  const fake = createFakeDlq({ onDropped: () => {} });
  onTestFinished(() => fake.close(0));
  return fake;
}

type Fake = ReturnType<typeof fakeDlq>;
type Handling =
  | { readonly handler: Handler; readonly middleware?: readonly Middleware[] }
  | { readonly batchHandler: BatchHandler };

/** Works until each message is settled once, and returns the outcomes by payload, with the causes of failures. */
async function work(fake: Fake, handling: Handling, payloads: readonly string[] = ["a"]) {
  for (const payload of payloads) await fake.send("q", payload, error, LATER);
  const outcomes: Record<string, string> = {};
  const causes = new Set<string>();
  const worker = fake.worker({
    queues: ["q"],
    onSettled: ({ payload }, { outcome, error: failure }) => {
      outcomes[payload.text()] ??= outcome;
      if (failure !== undefined) causes.add((failure as Error).message);
    },
    onError: () => {},
    ...handling,
  });
  await until(() => Object.keys(outcomes).length === payloads.length, "all outcomes");
  await worker.stop();
  return { outcomes, causes: [...causes] };
}

const broken = () => {
  throw error;
};

describe("a middleware", () => {
  const run = (middleware: Middleware, handler: Handler) =>
    work(fakeDlq(), { middleware: [middleware], handler });

  it("that returns nothing keeps the outcome of the handler", async () => {
    const silent: Middleware = async (_, next) => {
      await next();
    };
    expect((await run(silent, () => fail(error))).outcomes).toEqual({ a: "failed" });
    expect((await run(silent, () => {})).outcomes).toEqual({ a: "succeeded" });
  });

  it("that does not call next, and returns nothing, fails", async () => {
    const { outcomes, causes } = await run(
      () => {},
      () => {},
    );
    expect(outcomes).toEqual({ a: "failed" });
    expect(causes).toEqual([
      "a middleware returned nothing and did not call next; call it, or return an outcome",
    ]);
  });

  it("that does not wait for next ends after the handler", async () => {
    const hasty: Middleware = (_, next) => void next();
    const slow: Handler = async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      throw error;
    };
    expect(await run(hasty, slow)).toEqual({ outcomes: { a: "failed" }, causes: ["it broke"] });
  });

  it("that catches an error must say what the outcome is", async () => {
    const logging: Middleware = async (_, next) => {
      await next().catch(() => {});
    };
    expect((await run(logging, broken)).outcomes).toEqual({ a: "failed" });
    const deciding: Middleware = async (_, next) => {
      await next().catch(() => {});
      return succeed();
    };
    expect((await run(deciding, broken)).outcomes).toEqual({ a: "succeeded" });
  });

  it("may call next again", async () => {
    let calls = 0;
    const twice: Middleware = (_, next) => next().catch(() => next());
    const once: Handler = () => {
      if (++calls === 1) throw error;
    };
    expect((await run(twice, once)).outcomes).toEqual({ a: "succeeded" });
  });
});

describe("a batch handler", () => {
  const texts = ["a", "b", "c"];

  it("cannot change its list, so that no outcome moves to another message", async () => {
    const fake = fakeDlq();
    const emptying: BatchHandler = (deliveries) => {
      while (deliveries.length > 0) (deliveries as Delivery[]).pop();
    };
    const { outcomes } = await work(fake, { batchHandler: emptying }, texts);
    expect(outcomes).toEqual({ a: "failed", b: "failed", c: "failed" });
  });

  it.each<[string, (fake: Fake) => BatchHandler]>([
    ["wrapped with deadLetter", (fake) => fake.deadLetter("q", broken)],
    ["that sends its list", (fake) => async (all) => void (await fake.send("q", all, error))],
  ])("%s fails each message, and makes no other", async (_, handlerOf) => {
    const fake = fakeDlq();
    const { outcomes } = await work(fake, { batchHandler: handlerOf(fake) }, texts);
    expect(outcomes).toEqual({ a: "failed", b: "failed", c: "failed" });
    expect(fake.messages()).toHaveLength(3);
  });

  it("wrapped with deadLetter of another queue moves each message there", async () => {
    const fake = fakeDlq();
    const batchHandler: BatchHandler = fake.deadLetter("other", broken);
    const { outcomes } = await work(fake, { batchHandler }, texts);
    expect(outcomes).toEqual({ a: "succeeded", b: "succeeded", c: "succeeded" });
    expect(fake.messages("other").map(({ payload }) => payload.text())).toEqual(texts);
  });

  it("wrapped with deadLetter fails if one message could not be stored", async () => {
    const fake = fakeDlq();
    const batchHandler: BatchHandler = fake.deadLetter("no/queue", broken);
    expect((await work(fake, { batchHandler }, texts)).causes).toEqual(["it broke"]);
  });
});

describe("a batch handler of equal payloads", () => {
  it.each<[string, (fake: Fake, second: Delivery) => Promise<unknown>]>([
    ["to another queue", (fake, second) => fake.send("no/queue", second, error)],
    ["as its payload to another queue", (fake, { payload }) => fake.send("no/queue", payload)],
    ["to its own queue", (fake, second) => fake.send("q", second, error)],
    ["as its payload to its own queue", (fake, { payload }) => fake.send("q", payload, error)],
    ["by its source id", (fake) => fake.send("q", "same", error, { sourceId: "2" })],
  ])("fails the one that it sends %s", async (_, sendTo) => {
    const fake = fakeDlq();
    for (const sourceId of ["", "2"]) await fake.send("q", "same", error, { ...LATER, sourceId });
    const outcomes: Record<string, string> = {};
    const worker = fake.worker({
      queues: ["q"],
      batchHandler: async ([, second]) => void (await sendTo(fake, second as Delivery)),
      onSettled: ({ sourceId }, { outcome }) => {
        outcomes[sourceId] ??= outcome;
      },
    });
    await until(() => Object.keys(outcomes).length === 2, "both outcomes");
    await worker.stop();
    expect(outcomes).toEqual({ "": "succeeded", "2": "failed" });
  });

  it("moves one to the queue of the other", async () => {
    const fake = fakeDlq();
    for (const queue of ["q", "other"]) await fake.send(queue, "same", error, LATER);
    const batchHandler: BatchHandler = async ([first]) => {
      await fake.send("other", first, error, { delayMs: 3_600_000 });
    };
    const worker = fake.worker({ queues: ["q", "other"], batchHandler });
    await fake.waitFor("q", "SUCCEEDED");
    await worker.stop();
    const states = fake.messages("other").map(({ state }) => state);
    expect(states).toEqual(["SUCCEEDED", "SCHEDULED"]);
  });
});

describe("a send of a delivery", () => {
  it("sends its payload, with its source id", async () => {
    const fake = fakeDlq();
    await fake.send("q", { order: 42 }, error, { ...LATER, sourceId: "order-42" });
    fake.worker({ queues: ["q"], handler: async (delivery) => void fake.send("other", delivery) });
    const [moved] = await fake.waitFor("other", "SCHEDULED");
    expect(moved?.payload.json()).toEqual({ order: 42 });
    expect(moved?.request.sourceId).toBe("order-42");
  });

  it("to its own queue fails that delivery", async () => {
    const fake = fakeDlq();
    const handler: Handler = async (delivery) => void (await fake.send("q", delivery, error));
    expect((await work(fake, { handler })).outcomes).toEqual({ a: "failed" });
    expect(fake.messages()).toHaveLength(1);
  });

  it("by a task that its handler left behind is never lost, whenever it comes", async () => {
    for (let steps = 0; steps < 20; steps++) {
      const fake = fakeDlq();
      let sent: Promise<unknown> | undefined;
      const handler: Handler = (delivery) => {
        void (async () => {
          for (let n = 0; n < steps; n++) await null;
          sent = fake.send("q", delivery, error, { delayMs: 3_600_000 });
        })();
      };
      await work(fake, { handler });
      await until(() => sent !== undefined, "the send");
      await sent;
      // Its delivery failed, or it is a new message.
      const states = fake.messages("q").map(({ state }) => state);
      expect(states, `after ${steps} steps`).toContainEqual(
        expect.stringMatching(/^(QUARANTINED|SCHEDULED)$/),
      );
    }
  });

  it.each<[string, (delivery: Delivery) => unknown]>([
    ["the delivery", (delivery) => delivery],
    ["its payload", ({ payload }) => payload],
    ["a list", (delivery) => [delivery]],
  ])("to another queue fails it if it is dropped: %s", async (_, given) => {
    const fake = fakeDlq();
    const handler: Handler = async (delivery) => {
      await fake.send("no/queue", given(delivery), error);
    };
    expect(await work(fake, { handler })).toEqual({
      outcomes: { a: "failed" },
      causes: ["it broke"],
    });
  });

  it("to another queue succeeds if a second try is kept", async () => {
    const fake = fakeDlq();
    const handler: Handler = async (delivery) => {
      await fake.send("no/queue", delivery, error);
      await fake.send("other", delivery, error);
    };
    expect((await work(fake, { handler })).outcomes).toEqual({ a: "succeeded" });
    expect(fake.messages("other")).toHaveLength(1);
  });

  it("to two other queues at once fails it if one is dropped", async () => {
    const fake = fakeDlq();
    const handler: Handler = async (delivery) => {
      const sends = ["no/queue", "other"].map((queue) => fake.send(queue, delivery, error));
      await Promise.all(sends);
    };
    expect((await work(fake, { handler })).outcomes).toEqual({ a: "failed" });
  });

  it("to another queue fails it if it is dropped after the handler has returned", async () => {
    const fake = fakeDlq();
    const handler: Handler = (delivery) => void fake.send("no/queue", delivery, error);
    expect((await work(fake, { handler })).outcomes).toEqual({ a: "failed" });
  });

  it("to another queue fails it if it follows another one after the handler, and is dropped", async () => {
    const fake = fakeDlq();
    const handler: Handler = (delivery) => {
      void (async () => {
        await fake.send("other", delivery, error);
        await fake.send("no/queue", delivery, error);
      })();
    };
    expect((await work(fake, { handler })).outcomes).toEqual({ a: "failed" });
  });

  it("by a callback that is called outside of its handler counts, too", async () => {
    for (const queue of ["no/queue", "q"]) {
      const fake = fakeDlq();
      const calls: (() => void)[] = [];
      const pool = setInterval(() => calls.pop()?.(), 1);
      onTestFinished(() => clearInterval(pool));
      const handler: Handler = (delivery) =>
        new Promise<void>((resolve) => {
          calls.push(() => void fake.send(queue, delivery, error).then(() => resolve()));
        });
      expect((await work(fake, { handler })).outcomes).toEqual({ a: "failed" });
      expect(fake.messages()).toHaveLength(1);
    }
  });

  it("to another queue is not logged if its handler threw meanwhile", async () => {
    const fake = fakeDlq();
    let sent: Promise<unknown> | undefined;
    const handler: Handler = (delivery) => {
      sent = fake.send("no/queue", delivery, new Error("not stored"));
      throw error;
    };
    expect(await work(fake, { handler })).toEqual({
      outcomes: { a: "failed" },
      causes: ["it broke"],
    });
    expect(await sent).toMatchObject({ status: "dropped" });
    expect(console.error).not.toHaveBeenCalled();
  });

  it("to another queue that is dropped does not replace the error that its handler throws", async () => {
    const fake = fakeDlq();
    const handler: Handler = async (delivery) => {
      await fake.send("no/queue", delivery, error);
      throw new NonRetryableError("too old");
    };
    expect((await work(fake, { handler })).causes).toEqual(["too old"]);
    expect(fake.messages("q")).toMatchObject([{ quarantineReason: "NON_RETRYABLE" }]);
  });

  it("to another queue does not count as a part of its handler's time", async () => {
    const fake = fakeDlq();
    const timeoutMs = 1_000;
    const handler: Handler = (delivery) => {
      fake.goDown();
      void fake.send("other", delivery, error, { timeoutMs }).then(() => fake.comeBack());
    };
    await fake.send("q", "a", error, LATER);
    const durationMs = await new Promise<number>((settled) => {
      fake.worker({
        queues: ["q"],
        handler,
        onSettled: (_, result) => settled(result.durationMs),
        onError: () => {},
      });
    });
    expect(durationMs).toBeLessThan(timeoutMs);
  });

  it("to another queue is logged if it is dropped after its outcome is decided", async () => {
    const fake = fakeDlq();
    const { promise: isDecided, resolve: decided } = Promise.withResolvers<void>();
    let id = "";
    const handler: Handler = (delivery) => {
      id = delivery.id;
      void isDecided.then(() => fake.send("no/queue", delivery, error));
    };
    expect((await work(fake, { handler })).outcomes).toEqual({ a: "succeeded" });
    const { calls } = vi.mocked(console.error).mock;
    expect(calls).toEqual([]);
    decided();
    await until(() => calls.length > 0, "the line");
    expect(calls).toEqual([
      [
        `dlq: the send of message ${id} of queue "q" to queue "no/queue" was dropped after the end of its handler: the message may be lost; await the send in the handler`,
      ],
    ]);
  });

  it.each<[string, (delivery: Delivery) => unknown]>([
    ["the delivery", (delivery) => ({ ...delivery, note: "late" })],
    ["its payload", ({ payload }) => ({ ...payload, note: "late" })],
    ["each of a list", (delivery) => [{ ...delivery }]],
  ])("that is a copy is refused, and fails it: a copy of %s", async (_, given) => {
    const fake = fakeDlq();
    const results: unknown[] = [];
    const handler: Handler = async (delivery) => {
      results.push(await fake.send("other", given(delivery)));
    };
    const { outcomes, causes } = await work(fake, { handler });
    expect(outcomes).toEqual({ a: "failed" });
    expect(causes).toEqual([expect.stringContaining("the payload is a copy of a delivery")]);
    expect(results).toEqual([expect.objectContaining({ status: "dropped" })]);
    expect(fake.messages("other")).toEqual([]);
  });

  it("as a part of a payload has its content", async () => {
    const fake = fakeDlq();
    await fake.send("q", { order: 42 }, error, LATER);
    const handler: Handler = async (delivery) => {
      await fake.send("other", { delivery, payload: delivery.payload });
    };
    fake.worker({ queues: ["q"], handler });
    const [sent] = await fake.waitFor("other", "SCHEDULED");
    expect(sent?.payload.json()).toMatchObject({
      delivery: { queue: "q", attempt: 1, payload: { order: 42 } },
      payload: { order: 42 },
    });
  });
});

it("a copy of a delivery has its fields, and console.log shows its content", async () => {
  const fake = fakeDlq();
  const copies: Delivery[] = [];
  let shown = "";
  await fake.send("q", { order: 42 }, error, { ...LATER, sourceId: "order-42" });
  const handler: Handler = (delivery) => {
    copies.push({ ...delivery });
    shown = inspect(delivery);
  };
  const worker = fake.worker({ queues: ["q"], handler });
  await fake.waitFor("q", "SUCCEEDED");
  await worker.stop();
  const [copy] = copies;
  expect(copy).toMatchObject({ queue: "q", sourceId: "order-42", attempt: 1, failureCount: 1 });
  expect(copy?.payload.json()).toEqual({ order: 42 });
  expect(copy?.signal.aborted).toBe(false);
  expect(shown).toMatch(/queue: 'q',\s+payload: \{ order: 42 \},/);
});

it("worker.stop and dlq.close may be given as callbacks", async () => {
  const fake = fakeDlq();
  const { promise, resolve } = Promise.withResolvers<void>();
  await fake.send("q", "a", error, { delayMs: 0 });
  let isAborted: boolean | undefined;
  const worker = fake.worker({
    queues: ["q"],
    handler: async ({ signal }) => {
      resolve();
      await new Promise((end) => setTimeout(end, 50));
      isAborted = signal.aborted;
    },
  });
  await promise;
  const { stop } = worker;
  await Reflect.apply(stop, undefined, ["SIGTERM"]);
  expect(isAborted).toBe(false);
  await Reflect.apply(fake.close, undefined, ["SIGTERM"]);
  await expect(fake.ping()).rejects.toMatchObject({ kind: "closed" });
});
