// The helpers for Express, Fastify and fetch, in the real frameworks and against a real server.

import { once } from "node:events";
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestListener,
} from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import express, { type ErrorRequestHandler, type Request } from "express";
import fastify, { type FastifyRequest } from "fastify";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import {
  deadLetterErrors,
  type ExpressRequest,
} from "../../../clients/typescript/src/http/express.ts";
import { deadLetterErrors as fastifyErrors } from "../../../clients/typescript/src/http/fastify.ts";
import {
  deadLetterFetch,
  HttpStatusError,
  type KeptRequest,
  type RefetchOptions,
  refetch,
} from "../../../clients/typescript/src/http/fetch.ts";
import type { Delivery, DlqClient } from "../../../clients/typescript/src/index.ts";
import { createFakeDlq } from "../../../clients/typescript/src/testing/index.ts";
import { statsOf } from "../../support/grpc.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { clientOf, freePort } from "./client.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

let count = 0;
const newQueue = () => `http${++count}`;

/** Makes a message due and returns its delivery. */
async function deliveryOf(dlq: DlqClient, queue: string, id: string): Promise<Delivery> {
  const found = new Promise<Delivery>((done) => {
    const worker = dlq.worker({
      queues: [queue],
      handler: (delivery) => {
        done(delivery);
        void worker.stop();
      },
    });
  });
  await dlq.stubs.retry({ queue, ids: [id] });
  return found;
}

async function listening(listener: RequestListener): Promise<string> {
  const http = createServer(listener).listen(0, "127.0.0.1");
  await once(http, "listening");
  onTestFinished(() => void http.close());
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

interface App {
  readonly dlq: DlqClient;
  readonly queue: string;
  readonly url: string;
}

/** Starts an application: `/orders` fails, `/wrong` fails with status 422. */
type StartApp = (dlq: DlqClient, queue: string) => Promise<string>;

const BROKEN = () => {
  throw new RangeError("no stock");
};
const WRONG = () => {
  throw Object.assign(new Error("no such order"), { statusCode: 422, status: 422 });
};

const startExpress: StartApp = (dlq, queue) => {
  const app = express().use(express.json());
  const kept = deadLetterErrors<Request>(dlq, queue, {
    send: ({ ip }) => ({ coordinates: { ip: ip ?? "" } }),
    secretParameters: ["card"],
  });
  app.all(["/orders", "/orders/*rest"], BROKEN, kept);
  app.post("/wrong", WRONG, kept);
  app.post("/login", BROKEN);
  app.use(kept);
  const last: ErrorRequestHandler = (error, _request, response, _next) => {
    response.status(error.status ?? 500).json({ last: true });
  };
  return listening(app.use(last));
};

const startFastify: StartApp = async (dlq, queue) => {
  const app = fastify();
  app.setErrorHandler<Error & { statusCode?: number }>((error, _request, reply) => {
    void reply.code(error.statusCode ?? 500).send({ last: true });
  });
  app.register((routes, _options, done) => {
    const kept = fastifyErrors<FastifyRequest>(dlq, queue, {
      send: ({ ip }) => ({ coordinates: { ip } }),
      secretParameters: ["card"],
    });
    routes.all("/orders", kept, BROKEN);
    routes.all("/orders/*", kept, BROKEN);
    routes.post("/wrong", kept, WRONG);
    routes.post("/login", BROKEN);
    done();
  });
  onTestFinished(() => app.close());
  return app.listen({ port: 0, host: "127.0.0.1" });
};

describe.each([
  ["Express", startExpress],
  ["Fastify", startFastify],
])("%s", (_, start) => {
  async function app(dlq = clientOf(server), queue = newQueue()): Promise<App> {
    return { dlq, queue, url: await start(dlq, queue) };
  }

  const post = (url: string, headers: Record<string, string> = {}) =>
    fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: '{"order":42}',
    });

  it("answers 202 for a failed request, and sends its body", async () => {
    const { dlq, queue, url } = await app();
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const response = await post(`${url}/orders?now=1&%74oken=hunter2&card=hunter2&a=b?c`, {
      "idempotency-key": "o42",
      traceparent,
    });
    expect(response.status).toBe(202);
    const accepted = (await response.json()) as { status: string; id: string };
    expect(accepted.status).toBe("sent");
    const delivery = await deliveryOf(dlq, queue, accepted.id);
    expect(delivery.payload.json()).toEqual({ order: 42 });
    expect(delivery).toMatchObject({
      sourceId: "o42",
      attributes: {
        "http.method": "POST",
        "http.path": "/orders",
        "http.query": "now=1&%74oken=[hidden]&card=[hidden]&a=b?c",
      },
      traceContext: { traceparent },
      failure: { type: "RangeError", message: "no stock" },
      origin: { coordinates: { ip: "127.0.0.1" } },
    });
  });

  it("stores the path of a request to a proxy without its password", async () => {
    const { dlq, queue, url } = await app();
    const { hostname, port } = new URL(url);
    const headers = { "content-type": "application/json", "content-length": 12 };
    const target = { path: "http://shop:hunter2@shop.example/orders?a=1", method: "POST", headers };
    const request = httpRequest({ hostname, port, ...target }).end('{"order":42}');
    const [response] = (await once(request, "response")) as [IncomingMessage];
    const { id } = JSON.parse(await text(response)) as { id: string };
    const { attributes } = await deliveryOf(dlq, queue, id);
    expect(attributes).toMatchObject({ "http.path": "/orders", "http.query": "a=1" });
  });

  it("does not keep requests of routes that did not ask for it", async () => {
    const { dlq, queue, url } = await app();
    const response = await post(`${url}/login`);
    expect([response.status, await response.json()]).toEqual([500, { last: true }]);
    await dlq.send(queue, "the only one", new Error("e"));
    const { totals } = await statsOf(dlq.stubs, queue);
    expect(totals?.accepted).toBe(1n);
  });

  it("sends a request without headers that are too long, and with a cut path", async () => {
    const { dlq, queue, url } = await app();
    const headers = {
      "idempotency-key": "k".repeat(257),
      traceparent: "0".repeat(129),
      tracestate: "a=b,".repeat(129),
    };
    const response = await post(`${url}/orders/${"ä".repeat(1_000)}`, headers);
    expect(response.status).toBe(202);
    const { id } = (await response.json()) as { id: string };
    const delivery = await deliveryOf(dlq, queue, id);
    expect(delivery).toMatchObject({ sourceId: "", traceContext: undefined });
    expect(delivery.attributes["http.path"]).toHaveLength(4 * 1024);
  });

  it("passes errors with status 4xx, and requests without a body, to the next handler", async () => {
    const { dlq, queue, url } = await app();
    const wrong = await post(`${url}/wrong`);
    expect([wrong.status, await wrong.json()]).toEqual([422, { last: true }]);
    const bodiless = await fetch(`${url}/orders`);
    expect([bodiless.status, await bodiless.json()]).toEqual([500, { last: true }]);
    expect((await dlq.stubs.stats({})).queues.map((one) => one.queue)).not.toContain(queue);
  });

  it("passes the error on if the message could not be stored", async () => {
    const unreachable = clientOf(
      { grpcAddress: `127.0.0.1:${await freePort()}` },
      { timeoutMs: 50 },
    );
    const { url } = await app(unreachable);
    expect((await post(`${url}/orders`)).status).toBe(500);
  });
});

describe("deadLetterFetch", () => {
  const HOOK = {
    method: "POST",
    body: "päyload",
    headers: { authorization: "secret", "x-a": "1" },
  };

  it("returns a 2xx response and sends nothing", async () => {
    const url = await listening((_, response) => void response.end("hello"));
    const send = deadLetterFetch(clientOf(server), newQueue());
    expect(await (await send(url, HOOK))?.text()).toBe("hello");
  });

  it("sends a failed request without its credentials, and refetch repeats it", async () => {
    const [dlq, queue] = [clientOf(server), newQueue()];
    const seen: unknown[] = [];
    const url = await listening(async (request, response) => {
      let body = "";
      for await (const piece of request) body += piece;
      const { authorization, "x-a": a } = request.headers;
      seen.push([request.method, request.url, body, authorization, a]);
      response.writeHead(seen.length === 1 ? 503 : 204, { "retry-after": "0" }).end();
    });
    const send = deadLetterFetch(dlq, queue);
    expect(await send(`${url}/hook?x=1`, HOOK)).toBeUndefined();
    let kept: KeptRequest | undefined;
    const again = refetch(async (request) => {
      kept = request;
      return { authorization: "fresh" };
    });
    const settled = new Promise((done) => {
      dlq.worker({ queues: [queue], handler: again, onSettled: (_, { state }) => done(state) });
    });
    expect(await settled).toBe("SUCCEEDED");
    expect(Object.keys(kept?.headers ?? {})).not.toContain("authorization");
    expect(seen).toEqual([
      ["POST", "/hook?x=1", "päyload", "secret", "1"],
      ["POST", "/hook?x=1", "päyload", "fresh", "1"],
    ]);
  });

  it("sends a request without headers that are too long", async () => {
    const [dlq, queue] = [clientOf(server), newQueue()];
    const url = await listening((_, response) => void response.writeHead(503).end());
    const headers = { "idempotency-key": "k".repeat(257), traceparent: "0".repeat(129) };
    expect(await deadLetterFetch(dlq, queue)(url, { ...HOOK, headers })).toBeUndefined();
  });

  it("refetch closes the response", async () => {
    const [dlq, queue] = [clientOf(server), newQueue()];
    let isFirst = true;
    let close = () => {};
    const closed = new Promise<void>((resolve) => {
      close = resolve;
    });
    const url = await listening((_, response) => {
      if (isFirst) response.writeHead(503).end();
      else response.writeHead(200).on("close", close).write("without an end");
      isFirst = false;
    });
    await deadLetterFetch(dlq, queue, { delayMs: 0 })(url, HOOK);
    dlq.worker({ queues: [queue], handler: refetch() });
    await closed;
  });

  /** Repeats a request that gets no response, until it is sent. */
  async function refetching(options?: RefetchOptions) {
    const { promise: isSent, resolve: sent } = Promise.withResolvers<void>();
    vi.stubGlobal("fetch", ({ signal }: { signal: AbortSignal }) => {
      sent();
      return new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason)),
      );
    });
    onTestFinished(() => void vi.unstubAllGlobals());
    const kept = { url: "https://shop.example/hook?token=hunter2", method: "POST", headers: {} };
    const end = new AbortController();
    const delivery = { payload: { json: () => kept }, signal: end.signal };
    const onEnd = vi.fn();
    const handled = Promise.resolve(refetch(undefined, options)(delivery as never)).catch(onEnd);
    await isSent;
    return { handled, end, onEnd };
  }

  it.each([
    [30_000, undefined],
    [600, { timeoutMs: 600 }],
  ])("refetch waits %s ms for a response", async (ms, options) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const { handled, onEnd } = await refetching(options);
    await vi.advanceTimersByTimeAsync(ms - 1);
    expect(onEnd).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await handled;
    expect(onEnd.mock.calls).toMatchObject([
      [{ name: "TimeoutError", message: `shop.example did not answer in ${ms / 1_000} s` }],
    ]);
  });

  it.each<[string, readonly unknown[]]>([
    ["headers is of type Object; give a function", [{ timeoutMs: 600 }]],
    ["refetch has no option timeout; it has timeoutMs", [undefined, { timeout: 600 }]],
    ["timeoutMs is 0; give milliseconds above 0", [undefined, { timeoutMs: 0 }]],
  ])("refetch is refused: %s", (message, given) => {
    expect(() => (refetch as (...args: readonly unknown[]) => unknown)(...given)).toThrow(message);
  });

  it("refetch ends with its delivery", async () => {
    const { handled, end, onEnd } = await refetching();
    const reason = new Error("the lease is lost");
    end.abort(reason);
    await handled;
    expect(onEnd).toHaveBeenCalledExactlyOnceWith(reason);
  });

  it("HttpStatusError does not need the URL of the response", () => {
    const error = new HttpStatusError(new Response("", { status: 503 }));
    expect(error.message).toBe("the server answered 503");
  });

  it("a request that got status 400 is quarantined", async () => {
    const [dlq, queue] = [clientOf(server), newQueue()];
    const url = await listening((_, response) => void response.writeHead(400).end());
    expect(await deadLetterFetch(dlq, queue)(url, HOOK)).toBeUndefined();
    expect(await statsOf(dlq.stubs, queue)).toMatchObject({ quarantined: 1n });
  });

  it("rejects if the program aborted the request, and sends nothing; a timeout is a failure", async () => {
    const fake = createFakeDlq();
    onTestFinished(() => fake.close(0));
    const send = deadLetterFetch(fake, "hooks");
    const url = await listening(() => {}); // never answers
    const end = new AbortController();
    const aborted = send(url, { ...HOOK, signal: end.signal });
    setTimeout(() => end.abort(), 20);
    await expect(aborted).rejects.toMatchObject({ name: "AbortError" });
    expect(fake.messages()).toEqual([]);
    const headers = { "x-api-key": "secret", "x-a": "1" };
    expect(await send(url, { ...HOOK, headers, signal: AbortSignal.timeout(20) })).toBeUndefined();
    const [kept] = fake.messages("hooks");
    expect(kept?.payload.json<KeptRequest>().headers).not.toHaveProperty("x-api-key");
  });

  it("rejects with the error of the request if it could not be stored", async () => {
    const dlq = clientOf({ grpcAddress: `127.0.0.1:${await freePort()}` }, { timeoutMs: 50 });
    const url = await listening((_, response) => void response.writeHead(502).end());
    const send = deadLetterFetch(dlq, newQueue());
    await expect(send(url, HOOK)).rejects.toMatchObject({ name: "HttpStatusError", status: 502 });
    const refusing = `http://127.0.0.1:${await freePort()}`;
    await expect(send(refusing, HOOK)).rejects.toThrow(/fetch failed/);
  });
});

describe("deadLetterErrors, with what Express 4 makes of a request,", () => {
  const JSON_BODY = { "content-type": "application/json", "content-length": "12" };

  async function accepted(request: Partial<ExpressRequest>, options = {}) {
    const fake = createFakeDlq();
    onTestFinished(() => fake.close(0));
    const handle = deadLetterErrors(fake, "q", options);
    const json = vi.fn();
    const response = { headersSent: false, status: () => ({ json }) };
    const route = { stack: [{ handle }] };
    const whole = { method: "POST", url: "/", headers: {}, route, ...request };
    await handle(new Error("it broke"), whole, response, () => {});
    expect(json).toHaveBeenCalledTimes(fake.messages().length);
    return fake.messages().map(({ payload }) => {
      const { contentType } = payload;
      return contentType.startsWith("application/json")
        ? payload.text()
        : [contentType, payload.text()];
    });
  }

  const text = (type: string) => ({ body: Buffer.from("a"), headers: { "content-type": type } });

  it.each<[string, Partial<ExpressRequest>, readonly unknown[]]>([
    ["keeps a body without a parser and its type", text("text/csv"), [["text/csv", "a"]]],
    ["leaves out a type that is too long", text("x".repeat(257)), [["", "a"]]],
    ["keeps a body", { body: { order: 42 }, headers: JSON_BODY }, ['{"order":42}']],
    ["keeps a list", { body: [], headers: JSON_BODY }, ["[]"]],
    ["keeps no GET without a body", { method: "GET", body: {} }, []],
    ["keeps no body that no parser has read", { body: {}, headers: JSON_BODY }, []],
    ["keeps no empty buffer", { body: Buffer.alloc(0) }, []],
    [
      "keeps no upload without its files",
      { body: { name: "a" }, headers: { "content-type": "multipart/form-data; boundary=x" } },
      [],
    ],
  ])("%s", async (_, request, texts) => {
    expect(await accepted(request)).toEqual(texts);
  });

  it("waits for options that are asynchronous", async () => {
    const body = { order: 42 };
    expect(await accepted({ body }, { when: async () => false })).toEqual([]);
    expect(await accepted({ body }, { payload: async () => "x" })).toEqual([["", "x"]]);
  });

  it.each<[string, readonly unknown[]]>([
    ["the queue is undefined; give its name", [undefined]],
    ["deadLetterErrors has no option queue; it has payload, ", ["q", { queue: "a" }]],
  ])("is refused: %s", (message, given) => {
    for (const make of [deadLetterErrors, fastifyErrors]) {
      const call = make as (...args: readonly unknown[]) => unknown;
      expect(() => call(clientOf(server), ...given)).toThrow(message);
    }
  });
});

it("an option that throws does not replace the error of the request", async () => {
  const log = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => log.mockRestore());
  const next = vi.fn();
  const handler = deadLetterErrors(clientOf(server), newQueue(), {
    payload: () => {
      throw new Error("oops");
    },
  });
  const request = { method: "POST", url: "/", originalUrl: "/", headers: {}, body: {} };
  const response = { headersSent: false, status: () => ({ json: () => {} }) };
  const error = new Error("it broke");
  await handler(error, request, response, next);
  expect(next.mock.calls).toEqual([[error]]);
});
