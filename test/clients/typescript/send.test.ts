// Sends of the TypeScript client against a real server.

import { readFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import { Code, type Interceptor, type Transport } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import {
  createDlqClient,
  NonRetryableError,
  RetryAfterError,
  type SendOptions,
} from "../../../clients/typescript/src/index.ts";
import type { Message } from "../../../gen/dlq/v1/message_pb.ts";
import { connectTo, msOf } from "../../support/grpc.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { Worker } from "../../support/worker.ts";
import { clientOf, countingTransport, errorOf, freePort, stored, WAIT } from "./client.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

let count = 0;
const newQueue = () => `q${++count}`;
const error = new Error("it broke");

/** Sends one message and returns it as a worker gets it. */
async function sentAndTaken(payload: unknown, options: SendOptions = {}): Promise<Message> {
  const queue = newQueue();
  const dlq = clientOf(server, { service: "billing", instance: "b-1", version: "7" });
  stored(await dlq.send(queue, payload, error, { delayMs: 0, ...options }));
  const { dlq: stubs, close } = connectTo(server.grpcAddress);
  onTestFinished(close);
  const worker = await Worker.open(stubs, { queues: [queue] });
  return (await worker.next()).message;
}

describe("a message", () => {
  it.each([
    ["a string", "plain", { case: "text", value: "plain" }, ""],
    ["bytes", new Uint8Array([0, 255]), { case: "data", value: new Uint8Array([0, 255]) }, ""],
    ["an object", { a: [1] }, { case: "text", value: '{"a":[1]}' }, "application/json"],
    ["null", null, { case: "text", value: "null" }, "application/json"],
  ])("with %s as payload arrives unchanged", async (_, payload, body, contentType) => {
    expect((await sentAndTaken(payload)).payload).toMatchObject({ body, contentType });
  });

  it("has the fingerprint of its send, also without an error", async () => {
    const queue = newQueue();
    const dlq = clientOf(server);
    const fingerprint = "card-declined";
    stored(await dlq.send(queue, "a", error, { fingerprint, delayMs: 0 }));
    stored(await dlq.send(queue, "b", undefined, { fingerprint, delayMs: 0 }));
    const { dlq: stubs, close } = connectTo(server.grpcAddress);
    onTestFinished(close);
    const worker = await Worker.open(stubs, { queues: [queue] });
    const messages = [(await worker.next()).message, (await worker.next()).message];
    expect(messages.map(({ failure }) => failure)).toMatchObject([
      { message: "it broke", type: "Error", fingerprint },
      { message: "", type: "", fingerprint },
    ]);
  });

  it("has at most 256 bytes of its fingerprint, and is never refused for it", async () => {
    const { failure } = await sentAndTaken("x", { fingerprint: "ä".repeat(1_000_000) });
    expect(failure).toMatchObject({ fingerprint: "ä".repeat(128), truncated: true });
  });

  it("has all options of its send", async () => {
    const message = await sentAndTaken("x", {
      sourceId: "s",
      dedupKey: "d",
      orderingKey: "o",
      priority: -3,
      reason: "TIMEOUT",
      contentType: "text/csv",
      attributes: { kind: "invoice" },
      coordinates: { topic: "bills" },
      traceContext: { traceparent: "00-1", tracestate: "a=b" },
      ttlMs: 3_600_000,
    });
    expect(message).toMatchObject({
      sourceId: "s",
      dedupKey: "d",
      orderingKey: "o",
      priority: -3,
      reason: 3,
      payload: { contentType: "text/csv" },
      attributes: { kind: "invoice" },
      origin: {
        service: "billing",
        instance: "b-1",
        version: "7",
        coordinates: { topic: "bills" },
      },
      traceContext: { traceparent: "00-1", tracestate: "a=b" },
      failure: { type: "Error", message: "it broke" },
    });
    expect(msOf(message.expireTime) - msOf(message.createTime)).toBe(3_600_000);
  });
});

describe("an invalid trace context is left out, and the message is sent", () => {
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const long = "a=b,".repeat(129);

  it.each([
    ["tracestate too long", { traceparent, tracestate: long }, { traceparent }],
    ["traceparent too long", { traceparent: "0".repeat(129) }, undefined],
    ["traceparent with too many bytes", { traceparent: "ä".repeat(65) }, undefined],
    ["traceparent null", { traceparent: null as never }, undefined],
  ])("%s", async (_, traceContext, expected) => {
    const message = await sentAndTaken("x", { traceContext });
    expect(message.traceContext?.traceparent).toBe(expected?.traceparent);
    expect(message.traceContext?.tracestate ?? "").toBe("");
  });
});

describe("the result", () => {
  it("has the id, state, reason, queue and due time", async () => {
    const dlq = clientOf(server);
    const dueTime = new Date(Math.floor(Date.now() / 1_000) * 1_000 + 60_000);
    const reason = "NETWORK_ERROR";
    const queue = newQueue();
    expect(await dlq.send(queue, "x", error, { dueTime, reason })).toEqual({
      status: "sent",
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      state: "SCHEDULED",
      reason,
      dueTime,
      queue,
    });
  });

  it("is joined, with the id of the earlier message, for the same dedup key", async () => {
    const dlq = clientOf(server);
    const queue = newQueue();
    const one = stored(await dlq.send(queue, "x", error, { dedupKey: "k" }));
    const two = stored(await dlq.send(queue, "x", error, { dedupKey: "k" }));
    expect(two).toMatchObject({ status: "joined", id: one.id });
  });

  it("accepts numbers as ids, for programs without types", async () => {
    const sourceId = 42 as unknown as string;
    expect((await sentAndTaken("x", { sourceId })).sourceId).toBe("42");
  });

  it("is the same for the same request id", async () => {
    const dlq = clientOf(server);
    const queue = newQueue();
    const one = stored(await dlq.send(queue, "x", error, { requestId: `r-${queue}` }));
    expect(await dlq.send(queue, "x", error, { requestId: `r-${queue}` })).toEqual(one);
  });

  it("follows the retry policy of the send", async () => {
    const dlq = clientOf(server);
    const policy = { initialDelayMs: 7_200_000, maxDelayMs: 7_200_000, jitter: "none" } as const;
    const { dueTime } = stored(await dlq.send(newQueue(), "x", error, { retryPolicy: policy }));
    expect(dueTime?.getTime()).toBeGreaterThan(Date.now() + 7_100_000);
  });

  it("is QUARANTINED for a NonRetryableError", async () => {
    const dlq = clientOf(server);
    expect(await dlq.send(newQueue(), "x", new NonRetryableError("no such order"))).toMatchObject({
      state: "QUARANTINED",
      reason: "POISON_MESSAGE",
      quarantineReason: "PRODUCER_REQUEST",
    });
  });

  it("is due at the time of a RetryAfterError", async () => {
    const dlq = clientOf(server);
    const result = await dlq.send(newQueue(), "x", new RetryAfterError("later", 90_000_000));
    expect(stored(result).dueTime?.getTime()).toBeGreaterThan(Date.now() + 89_000_000);
  });
});

describe("concurrent sends", () => {
  it("start the next call when one is answered, not when all are", async () => {
    const coalesce = { maxMessages: 10, maxCalls: 2, maxDelayMs: 60_000 };
    const { transport, firstTries } = countingTransport(server);
    const dlq = clientOf(server, { transport, coalesce });
    const queue = newQueue();
    const sends = Array.from({ length: 95 }, (_, at) => dlq.send(queue, `m${at}`, error));
    for (const result of await Promise.all(sends)) stored(result);
    expect(firstTries).toEqual([10, 10, 10, 10, 10, 10, 10, 10, 10, 5]);
  });

  it("share as few calls as possible; a single send goes alone", async () => {
    const { transport, firstTries } = countingTransport(server);
    const dlq = clientOf(server, { transport, coalesce: { maxMessages: 1_000 } });
    const queue = newQueue();
    const small = "no stack: its size, as long as the paths of the checkout, would split calls too";
    await dlq.send(queue, "single", small);
    const results = await Promise.all(
      Array.from({ length: 2_500 }, (_, at) => dlq.send(queue, `m${at}`, small)),
    );
    expect(new Set(results.map((result) => stored(result).id)).size).toBe(2_500);
    expect(firstTries).toEqual([1, 1_000, 1_000, 500]);
  });

  it("collect while a call is running", async () => {
    const { transport, firstTries } = countingTransport(server);
    const dlq = clientOf(server, { transport, coalesce: { maxDelayMs: 60_000 } });
    const queue = newQueue();
    const first = dlq.send(queue, "first", error);
    await vi.waitFor(() => expect(firstTries).toEqual([1]), WAIT);
    const more = [dlq.send(queue, "a", error), dlq.send(queue, "b", error)];
    await Promise.all([first, ...more]);
    expect(firstTries).toEqual([1, 2]);
  });

  it("are split if they have too many bytes for a call", async () => {
    const { transport, calls } = countingTransport(server);
    const dlq = clientOf(server, { transport });
    const payload = "x".repeat(900_000);
    const queue = newQueue();
    const results = await Promise.all(
      Array.from({ length: 8 }, () => dlq.send(queue, payload, error)),
    );
    expect(results.map(({ status }) => status)).toEqual(Array(8).fill("sent"));
    expect(calls.length).toBeGreaterThanOrEqual(3);
  });

  it("are refused one by one, also if one cannot be encoded", async () => {
    const dlq = clientOf(server);
    const queue = newQueue();
    const results = await Promise.all([
      dlq.send(queue, "good", error),
      dlq.send("no/queue", "bad", error),
      dlq.send(queue, "x".repeat(2_000_000), error),
      dlq.send(queue, "also good", error),
      dlq.send(queue, "cannot be encoded", error, { priority: 1e12 }),
    ]);
    const statuses = ["sent", "dropped", "dropped", "sent", "dropped"];
    expect(results.map(({ status }) => status)).toEqual(statuses);
    expect(errorOf(results[1] as never)).toMatchObject({ kind: "refused", maybeStored: false });
    expect(errorOf(results[1] as never).message).toMatch(/queue/);
  });
});

describe("a send never rejects", () => {
  const circle: unknown[] = [];
  circle.push(circle);

  it.each([
    ["a circular payload", circle, {}, /^cannot be sent: .*circular.*closes the circle/],
    ["a promise", Promise.resolve(1), {}, /await it/],
    ["delayMs NaN", "x", { delayMs: Number.NaN }, /delayMs is NaN/],
    ["priority 0.5", "x", { priority: 0.5 }, /priority is 0.5/],
    ["a number too large for its field", "x", { priority: 1e12 }, /priority/],
    ["timeoutMs NaN", "x", { timeoutMs: Number.NaN }, /timeoutMs is NaN/],
    ["an invalid date", "x", { dueTime: new Date("") }, /./],
  ])("with %s it is dropped as invalid and reported", async (_, payload, options, pattern) => {
    const onDropped = vi.fn();
    const dlq = clientOf(server, { onDropped });
    const dropped = errorOf(await dlq.send("some-queue", payload, error, options));
    expect(dropped).toMatchObject({ kind: "invalid", message: expect.stringMatching(pattern) });
    expect(onDropped.mock.calls).toEqual([[dropped, "some-queue"]]);
  });

  it.each([
    ["options null", null, "sent"],
    ["an invalid signal", { signal: new AbortController() }, "dropped"],
    ["attributes null", { attributes: null }, "sent"],
  ])("with %s, from a program without types", async (_, options, status) => {
    const dlq = clientOf(server);
    expect((await dlq.send(newQueue(), "x", error, options as never)).status).toBe(status);
    await dlq.flush();
  });

  it("with a payload whose toJSON throws an unreadable value", async () => {
    const unreadable = new Proxy(() => {}, {
      get: () => {
        throw unreadable;
      },
      getPrototypeOf: () => {
        throw unreadable;
      },
    });
    const payload = {
      toJSON() {
        throw unreadable;
      },
    };
    expect(errorOf(await clientOf(server).send("q", payload, error)).kind).toBe("invalid");
  });

  it("unless throwOnFailure is set", async () => {
    const dlq = clientOf(server);
    const send = dlq.send("no/queue", "x", error, { throwOnFailure: true });
    await expect(send).rejects.toMatchObject({ name: "DlqClientError", kind: "refused" });
  });

  it("with any thrown value as the error", async () => {
    const dlq = clientOf(server);
    const unreadable = new Proxy(
      {},
      {
        get: () => {
          throw new Error("no");
        },
      },
    );
    for (const thrown of [unreadable, null, undefined, Symbol("x"), "text"]) {
      expect((await dlq.send(newQueue(), "x", thrown)).status).toBe("sent");
    }
  });

  it("if onDropped throws", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    onTestFinished(() => log.mockRestore());
    const dlq = clientOf(server, {
      onDropped: () => {
        throw new Error("oops");
      },
    });
    expect((await dlq.send("no/queue", "x", error)).status).toBe("dropped");
    expect(log).toHaveBeenCalledOnce();
  });
});

/** Starts a server that accepts connections and never answers. */
async function silentServer(): Promise<{ grpcAddress: string }> {
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => void sockets.add(socket.on("error", () => {})));
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
  const address = silent.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { grpcAddress: `127.0.0.1:${port}` };
}

it("a rejected promise of onDropped is logged, and does not end the process", async () => {
  const log = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => log.mockRestore());
  const oops = new Error("the disk is full, too");
  const dlq = clientOf(server, { onDropped: () => Promise.reject(oops) });
  await dlq.send("no/queue", "x", error);
  await vi.waitFor(() => expect(log).toHaveBeenCalledWith(expect.any(String), oops), WAIT);
});

/** Connects to a port that refuses; `refused` resolves when the first call has failed. */
function refusedTransport(port: number): { transport: Transport; refused: Promise<void> } {
  const { transport, close } = connectTo(`127.0.0.1:${port}`);
  onTestFinished(close);
  const { promise, resolve } = Promise.withResolvers<void>();
  const watched: Transport = {
    async unary(...call) {
      return await transport.unary(...call).finally(resolve);
    },
    stream: transport.stream.bind(transport),
  };
  return { transport: watched, refused: promise };
}

describe("a server that does not answer", () => {
  it("delays a send no longer than timeoutMs of the client", async () => {
    const dlq = clientOf(await silentServer(), { timeoutMs: 200 });
    const startedAtMs = performance.now();
    const dropped = errorOf(await dlq.send("q", "x", error));
    expect(dropped).toMatchObject({ kind: "deadline", maybeStored: true });
    expect(performance.now() - startedAtMs).toBeLessThan(2_000);
  });

  it("delays a send no longer than its own timeoutMs", async () => {
    const dlq = clientOf(await silentServer(), { timeoutMs: 60_000 });
    expect(errorOf(await dlq.send("q", "x", error, { timeoutMs: 100 })).kind).toBe("deadline");
  });

  it("does not fill the memory: sends beyond maxPendingMessages are dropped at once", async () => {
    const coalesce = { maxPendingMessages: 10 };
    const dlq = clientOf(await silentServer(), { timeoutMs: 60_000, coalesce });
    for (let at = 0; at < 10; at++) void dlq.send("q", "x", error);
    const dropped = errorOf(await dlq.send("q", "x", error));
    expect(dropped).toMatchObject({ kind: "buffer-full", maybeStored: false });
  });

  it("does not fill the memory: sends beyond maxPendingBytes are dropped at once", async () => {
    const dlq = clientOf(await silentServer(), { coalesce: { maxPendingBytes: 100_000 } });
    void dlq.send("q", "x".repeat(60_000), error);
    expect(errorOf(await dlq.send("q", "x".repeat(60_000), error)).kind).toBe("buffer-full");
  });

  it("a message larger than maxPendingBytes is dropped with that reason", async () => {
    const dlq = clientOf(await silentServer(), { coalesce: { maxPendingBytes: 1_000 } });
    const dropped = errorOf(await dlq.send("q", "x".repeat(1_000), error));
    expect(dropped.kind).toBe("buffer-full");
    expect(dropped.message).toMatch(/^it takes \d+ bytes, and no more than 1000 may be pending;/);
  });

  it("a signal ends the send", async () => {
    const dlq = clientOf(await silentServer(), { timeoutMs: 60_000 });
    const abort = new AbortController();
    const send = dlq.send("q", "x", error, { signal: abort.signal });
    abort.abort();
    expect(errorOf(await send).kind).toBe("aborted");
    const late = await dlq.send("q", "x", error, { signal: abort.signal });
    expect(errorOf(late).kind).toBe("aborted");
  });

  it("a refused connection is named in the error", async () => {
    const dlq = clientOf({ grpcAddress: `127.0.0.1:${await freePort()}` }, { timeoutMs: 100 });
    const namesIt = async () => {
      const dropped = errorOf(await dlq.send("q", "x", error));
      expect(dropped.kind).toBe("deadline");
      expect(dropped.message).toContain("ECONNREFUSED"); // once a try has ended in time
    };
    await vi.waitFor(namesIt, { timeout: 10_000 });
  });

  it("a refused connection is not maybeStored", async () => {
    const { transport, refused } = refusedTransport(await freePort());
    const dlq = clientOf({ grpcAddress: "unused" }, { transport, timeoutMs: 60_000 });
    const abort = new AbortController();
    const send = dlq.send("q", "x", error, { signal: abort.signal });
    await refused;
    await setImmediate(); // the client has got the error, and the next try is a timer away
    abort.abort();
    expect(errorOf(await send)).toMatchObject({
      kind: "aborted",
      code: Code.Unavailable,
      message: expect.stringContaining("ECONNREFUSED"),
      maybeStored: false,
    });
  });
});

describe("close", () => {
  it("waits for pending sends", async () => {
    const dlq = clientOf(server);
    const queue = newQueue();
    const sends = [dlq.send(queue, "a", error), dlq.send(queue, "b", error)];
    await dlq.close();
    expect((await Promise.all(sends)).map(({ status }) => status)).toEqual(["sent", "sent"]);
    expect(errorOf(await dlq.send(queue, "c", error)).kind).toBe("closed");
  });

  it("drops pending sends after its timeout", async () => {
    const dlq = clientOf(await silentServer(), { timeoutMs: 60_000 });
    const send = dlq.send("q", "x", error);
    await dlq.close(50);
    expect(errorOf(await send)).toMatchObject({ kind: "closed" });
  });

  it("names the last failure in the error of a dropped send", async () => {
    const { transport, refused } = refusedTransport(await freePort());
    const dlq = clientOf({ grpcAddress: "unused" }, { transport, timeoutMs: 60_000 });
    const send = dlq.send("q", "x", error);
    await refused;
    await dlq.close(0);
    const { kind, code, message } = errorOf(await send);
    expect([kind, code]).toEqual(["closed", Code.Unavailable]);
    expect(message).toContain("ECONNREFUSED");
  });

  it("is called at the end of an `await using` block", async () => {
    let send: Promise<{ status: string }>;
    {
      await using dlq = clientOf(server);
      send = dlq.send(newQueue(), "x", error);
    }
    expect((await send).status).toBe("sent");
  });

  it("flush waits for all sends so far", async () => {
    const dlq = clientOf(server);
    let isSent = false;
    void dlq.send(newQueue(), "x", error).then(() => {
      isSent = true;
    });
    await dlq.flush();
    expect(isSent).toBe(true);
  });
});

it.each([
  ["timeoutMs", { timeoutMs: Number.NaN }],
  ["tryTimeoutMs", { tryTimeoutMs: 0 }],
])("an invalid %s throws", (name, options) => {
  expect(() => clientOf(server, options)).toThrow(new RegExp(`${name} is`));
});

it("interceptors get each call with its token", async () => {
  const seen: unknown[] = [];
  const see: Interceptor = (next) => (request) => {
    seen.push([request.method.name, request.header.get("authorization")]);
    return next(request);
  };
  const dlq = clientOf(server, { token: "one", interceptors: [see] });
  stored(await dlq.send(newQueue(), "x", error));
  expect(seen).toEqual([["SendToDlq", "Bearer one"]]);
});

it("an invalid URL throws, with an example", () => {
  expect(() => clientOf({ grpcAddress: "" })).toThrow(/give one such as http/);
});

it("logs dropped messages, at most one line a second", async () => {
  const log = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => log.mockRestore());
  const dlq = createDlqClient({ url: `http://${server.grpcAddress}`, spool: false });
  for (let at = 0; at < 3; at++) await dlq.send("no/queue", "x", error);
  expect(log).toHaveBeenCalledOnce();
  expect(log.mock.calls[0]?.[0]).toContain('dropped a message for queue "no/queue" (refused): ');
  await vi.waitFor(() => expect(log).toHaveBeenCalledTimes(2), WAIT);
  expect(log.mock.calls[1]?.[0]).toContain(
    'dropped 2 messages, the last for queue "no/queue" (refused): ',
  );
  await dlq.close();
});

it("sends over TLS only to a server with a trusted certificate", { timeout: 60_000 }, async () => {
  const file = (name: string) => resolve(import.meta.dirname, "../../rpc/tls", name);
  const [cert, key] = [file("test-only.crt"), file("test-only.key")];
  const secured = await startTestServer({ env: { DLQ_TLS_CERT: cert, DLQ_TLS_KEY: key } });
  onTestFinished(() => secured.stop());
  const url = `https://${secured.grpcAddress}`;
  const tls = { ca: await readFile(cert) };
  await using trusting = createDlqClient({ url, tls, spool: false });
  expect((await trusting.send("q", "x", error)).status).toBe("sent");
  await using distrusting = createDlqClient({
    url,
    timeoutMs: 1_500,
    spool: false,
    onDropped: () => {},
  });
  expect(errorOf(await distrusting.send("q", "x", error)).message).toMatch(/certificate/);
});
