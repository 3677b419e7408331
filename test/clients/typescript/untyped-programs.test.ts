// Programs without types: wrong options, and callbacks that throw, lose no message.

import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from "vitest";
import {
  createDlqClient,
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

it("an option that is null counts as absent", async () => {
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
