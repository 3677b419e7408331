// Programs without types: wrong options, and callbacks that throw, lose no message.

import { promisify } from "node:util";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from "vitest";
import {
  createDlqClient,
  type Delivery,
  quarantine,
  release,
  type SendOptions,
} from "../../../clients/typescript/src/index.ts";
import { createFakeDlq } from "../../../clients/typescript/src/testing/index.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { clientOf, errorOf, freePort } from "./client.ts";
import { newFolder } from "./spool/spool-support.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const error = new Error("it broke");

const unreadable: object = new Proxy(() => {}, {
  get: () => {
    throw unreadable;
  },
  getPrototypeOf: () => {
    throw unreadable;
  },
});

const { proxy: revoked, revoke } = Proxy.revocable({}, {});
revoke();

it("an option that is null counts as absent", async () => {
  await using fake = createFakeDlq();
  const names = ["sourceId", "dedupKey", "orderingKey", "priority", "ttlMs", "maxRetries"];
  names.push("retryPolicy", "attributes", "contentType", "delayMs", "dueTime", "reason");
  names.push("fingerprint", "traceContext", "coordinates", "requestId", "signal", "timeoutMs");
  const nulls = Object.fromEntries(names.map((name) => [name, null])) as SendOptions;
  await fake.send("q", "x", error, {});
  await fake.send("q", "x", error, nulls);
  const [none, given] = fake.messages("q").map(({ request }) => {
    const { requestId: _, ...rest } = request;
    return rest;
  });
  expect(given).toEqual(none);
});

it.each([
  ["null", { concurrency: null, prefetch: null }],
  ["huge limits", { concurrency: 1e15, maxInFlightBytes: 1e300 }],
  ["an infinite limit", { maxInFlightBytes: Number.POSITIVE_INFINITY }],
])("a worker runs with %s as options", async (_, options) => {
  const dlq = clientOf(server);
  await dlq.send("worked", "x", error, { delayMs: 0 });
  await new Promise<void>((done) => {
    dlq.worker({ queues: ["worked"], handler: () => done(), ...(options as object) });
  });
});

it("a console that throws does not change the result of a send", async () => {
  const log = vi.spyOn(console, "error").mockImplementation(() => {
    throw new Error("EPIPE");
  });
  onTestFinished(() => log.mockRestore());
  const onDropped = () => {
    throw error;
  };
  expect(errorOf(await clientOf(server, { onDropped }).send("no/queue", "x")).kind).toBe("refused");
  const spool = { folder: await newFolder() };
  const unreachable = clientOf(
    { grpcAddress: `127.0.0.1:${await freePort()}` },
    { spool, timeoutMs: 200 },
  );
  expect((await unreachable.send("q", "x", error)).status).toBe("spooled");
  expect(log).toHaveBeenCalledTimes(2);
});

it("a console that sends each line ends, also if that is dropped", async () => {
  const fake = createFakeDlq();
  await fake.close();
  const log = vi.spyOn(console, "error").mockImplementation((line) => {
    void fake.send("lines", line);
  });
  onTestFinished(() => log.mockRestore());
  expect(errorOf(await fake.send("q", "x", error)).kind).toBe("closed");
  expect(log).toHaveBeenCalledOnce();
});

it("a send of a proxy that is revoked, or of a list of it, is dropped as invalid", async () => {
  await using fake = createFakeDlq({ onDropped: () => {} });
  for (const payload of [revoked, [revoked]]) {
    expect(errorOf(await fake.send("q", payload, error)).kind).toBe("invalid");
  }
});

it("a send is dropped if an interceptor throws an unreadable value", async () => {
  const throwing: Interceptor = () => () => {
    throw unreadable;
  };
  const dlq = clientOf(server, { interceptors: [throwing], timeoutMs: 300 });
  expect((await dlq.send("q", "x", error)).status).toBe("dropped");
  const transport = {
    unary: () => Promise.reject(unreadable),
    stream: () => Promise.reject(new ConnectError("no", Code.Unimplemented)),
  };
  const direct = clientOf(server, { transport, timeoutMs: 300 });
  expect((await direct.send("q", "x", error)).status).toBe("dropped");
});

it("a send with an option that does not exist is dropped as invalid, and says which one", async () => {
  await using fake = createFakeDlq({ onDropped: () => {} });
  const result = await fake.send("q", "x", error, { dealyMs: 3 } as SendOptions);
  expect(errorOf(result)).toMatchObject({
    kind: "invalid",
    message: expect.stringContaining("a send has no option dealyMs; it has attributes, "),
  });
  const nested = { retryPolicy: { shedule: [] } } as SendOptions;
  expect(errorOf(await fake.send("q", "x", error, nested)).message).toContain("shedule");
});

it.each([
  ["createDlqClient", () => createDlqClient({ url: "http://127.0.0.1:1", tokn: "x" } as never)],
  ["tls", () => createDlqClient({ url: "https://127.0.0.1:1", tls: { cacert: "x" } as never })],
  ["a spool", () => createDlqClient({ url: "http://127.0.0.1:1", spool: { dir: "x" } as never })],
  ["a worker", () => clientOf(server).worker({ queues: ["q"], handlr: () => {} } as never)],
  ["release", () => release({ delay: 5 } as never)],
])("%s with an option that does not exist throws", (_, make) => {
  expect(make).toThrow(/has no option \w+; it has /);
});

const url = "127.0.0.1:1";
it.each<[string, object]>([
  ["timeoutMs is of type string", { url, timeoutMs: "5000" }],
  ["timeoutMs is 600000; give milliseconds above 0 and below 600000", { url, timeoutMs: 600_000 }],
  ["tryTimeoutMs is NaN", { url, tryTimeoutMs: Number.NaN }],
  ["coalesce.maxCalls is of type string; give 1 or more", { url, coalesce: { maxCalls: "4" } }],
  ["coalesce.maxDelayMs is -1; give 0 or more", { url, coalesce: { maxDelayMs: -1 } }],
  ["coalesce.maxMessages is 0; give 1 to 1000", { url, coalesce: { maxMessages: 0 } }],
  ["coalesce.maxMessages is 1001; give 1 to 1000", { url, coalesce: { maxMessages: 1_001 } }],
  ["coalesce.maxBytes is 3670017; give 1 to 3670016", { url, coalesce: { maxBytes: 3_670_017 } }],
  ["spool.maxBytes is of type string", { url, spool: { maxBytes: "4" } }],
  ["the options of spool are true; give an object", { url, spool: true }],
  ["onDropped is of type string; give a function", { url, onDropped: "log" }],
  ["token is 5; give a text, or a function", { url, token: 5 }],
  ["url is http:, which is plaintext; use https: with tls", { url: `http://${url}`, tls: {} }],
  ["url has a user or a password", { url: "http://shop:hunter2@a:1" }],
])("a client is refused: %s", (message, options) => {
  expect(() => createDlqClient(options as never)).toThrow(message);
});

type Done = () => void;

it.each<[string, object]>([
  ["queues is of type string; give a list of names", { queues: "orders" }],
  ["the queue is undefined; give its name", { queues: [undefined] }],
  ["the queue is empty; give its name", { queues: [""] }],
  ["handler is of type string; give a function", { handler: "takeOrder" }],
  ["handler has 2 parameters, and gets one", { handler: (_: unknown, done: Done) => done() }],
  [
    "batchHandler has 2 parameters, and gets one: no callback; return a promise",
    { handler: undefined, batchHandler: (_: unknown, done: Done) => done() },
  ],
  ["middleware is no list", { middleware: () => {} }],
  ["a middleware is undefined; give a function", { middleware: [undefined] }],
  ["onSettled is 5; give a function", { onSettled: 5 }],
  ["signal is of type AbortController", { signal: new AbortController() }],
  ["drainTimeoutMs is -1; give milliseconds of 0 or more", { drainTimeoutMs: -1 }],
  ["leaseDurationMs is 30; give milliseconds from 1000 to 43200000", { leaseDurationMs: 30 }],
  ["maxInFlightBytes is NaN", { maxInFlightBytes: Number.NaN }],
])("a worker is refused: %s", (message, options) => {
  const { worker } = clientOf({ grpcAddress: url });
  expect(() => worker({ queues: ["q"], handler: () => {}, ...options } as never)).toThrow(message);
});

it("a handler with a callback may be promisified", async () => {
  await using fake = createFakeDlq();
  await fake.send("q", "x", error, { delayMs: 0 });
  const takeOrder = (_: Delivery, done: (failure: Error | null) => void) => done(null);
  fake.worker({ queues: ["q"], handler: promisify(takeOrder) });
  await fake.waitFor("q", "SUCCEEDED");
});

it.each<[string, readonly unknown[]]>([
  ["the queue is of type function", [() => {}]],
  ["the function of deadLetter is of type Promise", ["q", Promise.resolve()]],
  ["deadLetter has no option sourceId; it has payload, send", ["q", () => {}, { sourceId: "x" }]],
  ["deadLetter does not see errors of a generator", ["q", async function* () {}]],
])("deadLetter is refused: %s", (message, given) => {
  const { deadLetter } = clientOf({ grpcAddress: url });
  expect(() => (deadLetter as (...args: readonly unknown[]) => unknown)(...given)).toThrow(message);
});

it("deadLetter waits for options that are asynchronous", async () => {
  await using fake = createFakeDlq();
  const charge = fake.deadLetter("q", (_: string) => Promise.reject(error), {
    payload: async (text) => text.toUpperCase(),
    send: (async () => ({ sourceId: "order-42" })) as never,
  });
  await charge("a");
  const [message] = fake.messages("q");
  expect([message?.payload.text(), message?.request.sourceId]).toEqual(["A", "order-42"]);
});

it.each<[string, unknown, object]>([
  ["the queue is undefined", undefined, {}],
  ["sourceId is of type Object; give a text", "q", { sourceId: { id: 42 } }],
  ["fingerprint is of type Object; give a text", "q", { fingerprint: { kind: "card" } }],
  ["dueTime is of type string; give a Date", "q", { dueTime: "soon" }],
  ["dueTime is an invalid date; give a Date", "q", { dueTime: new Date("soon") }],
  ["signal is of type AbortController", "q", { signal: new AbortController() }],
])("a send is dropped as invalid: %s", async (message, queue, options) => {
  await using fake = createFakeDlq({ onDropped: () => {} });
  const dropped = errorOf(await fake.send(queue as string, "x", error, options));
  expect(dropped).toMatchObject({ kind: "invalid", message: expect.stringContaining(message) });
});

it("a computed time that is over means now, and absent attributes are left out", async () => {
  await using fake = createFakeDlq({ onDropped: () => {} });
  const options = { delayMs: -5, attributes: { user: undefined, shop: "a" } } as never;
  await fake.send("q", "x", error, options);
  await fake.send("q", "x", error, { dueTime: Date.now() as never });
  const [late, due] = fake.messages("q").map(({ request }) => request);
  expect(late?.firstRetry).toMatchObject({ case: "delay", value: { seconds: 0n, nanos: 0 } });
  expect(late?.attributes).toEqual({ shop: "a" });
  expect(due?.firstRetry.case).toBe("dueTime");
});

it("a note of an outcome may be an error", () => {
  expect(quarantine(error as never)).toMatchObject({ kind: "quarantined" });
});
