// What programs without types give, and what functions of theirs throw, loses nothing.

import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from "vitest";
import type { SendOptions } from "../../../clients/typescript/src/index.ts";
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

it("options that are null are none", async () => {
  await using fake = createFakeDlq();
  const names = ["sourceId", "dedupKey", "orderingKey", "priority", "ttlMs", "maxRetries"];
  names.push("retryPolicy", "attributes", "contentType", "delayMs", "dueTime", "reason");
  names.push("traceContext", "coordinates", "requestId", "signal", "timeoutMs");
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
  ["a worker's options that are null", { concurrency: null, prefetch: null }],
  ["more than anybody could hold", { concurrency: 1e15, maxInFlightBytes: 1e300 }],
  ["no bound at all", { maxInFlightBytes: Number.POSITIVE_INFINITY }],
])("%s: it works", async (_, options) => {
  const dlq = clientOf(server);
  await dlq.send("worked", "x", error, { delayMs: 0 });
  await new Promise<void>((done) => {
    dlq.worker({ queues: ["worked"], handler: () => done(), ...(options as object) });
  });
});

it("a console that throws loses no result", async () => {
  const log = vi.spyOn(console, "error").mockImplementation(() => {
    throw new Error("EPIPE");
  });
  onTestFinished(() => log.mockRestore());
  const onDropped = () => {
    throw error;
  };
  expect(errorOf(await clientOf(server, { onDropped }).send("no/queue", "x")).kind).toBe("refused");
  const spool = { folder: await newFolder() };
  const away = clientOf(
    { grpcAddress: `127.0.0.1:${await freePort()}` },
    { spool, timeoutMs: 200 },
  );
  expect((await away.send("q", "x", error)).status).toBe("spooled");
  expect(log).toHaveBeenCalledTimes(2);
});

it("nor does an interceptor that throws what can't be read", async () => {
  const hostile: Interceptor = () => () => {
    throw unreadable;
  };
  const dlq = clientOf(server, { interceptors: [hostile], timeoutMs: 300 });
  expect((await dlq.send("q", "x", error)).status).toBe("dropped");
  const transport = {
    unary: () => Promise.reject(unreadable),
    stream: () => Promise.reject(new ConnectError("no", Code.Unimplemented)),
  };
  const direct = clientOf(server, { transport, timeoutMs: 300 });
  expect((await direct.send("q", "x", error)).status).toBe("dropped");
});
