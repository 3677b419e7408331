import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect as connectHttp2, constants, type OutgoingHttpHeaders } from "node:http2";
import { connect as connectTcp } from "node:net";

import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { EnvelopeSchema } from "../../gen/dlq/storage/v1/envelope_pb.ts";
import {
  DlqService,
  SendToDlqRequestSchema,
  StatsRequestSchema,
  StreamDueRequestSchema,
} from "../../gen/dlq/v1/dlq_service_pb.ts";
import { checkTls } from "../../src/rpc/tls.ts";
import { errorOf, reasonOf } from "./in-memory.ts";
import { aborted, delivery, opened, scheduled } from "./scripted-dlq.ts";
import { grpcClient, rawCall, type Server, startServer } from "./sockets.ts";

const payload = { body: { case: "text" as const, value: "{}" } };
const STATS = "/dlq.v1.DlqService/Stats";
const STREAM = "/dlq.v1.DlqService/StreamDue";

describe("streams", () => {
  it("open at once, with headers and first frame before anything is due", async () => {
    const server = await startServer();
    const stream = server.client.streamDue({ queues: ["q"] })[Symbol.asyncIterator]();
    expect((await stream.next()).value?.frame.case).toBe("opened");
    await stream.return?.();
  });

  it("end for the use case when their client cancels", async () => {
    const server = await startServer();
    const controller = new AbortController();
    const stream = server.client.streamDue({ queues: ["q"] }, { signal: controller.signal });
    const it = stream[Symbol.asyncIterator]();
    await it.next();
    controller.abort();
    await errorOf(it.next());
    await vi.waitFor(() => expect(server.dlq.streams[0]?.signal.aborted).toBe(true));
  });

  it("end for the use case when their client's connection breaks", async () => {
    const server = await startServer();
    const session = connectHttp2(`http://${server.grpc}`);
    session.on("error", () => {});
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: "POST",
      [constants.HTTP2_HEADER_PATH]: STREAM,
      "content-type": "application/grpc",
      te: "trailers",
    });
    stream.on("error", () => {});
    const message = toBinary(
      StreamDueRequestSchema,
      create(StreamDueRequestSchema, { queues: ["q"] }),
    );
    stream.end(Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]));
    await once(stream, "data");
    session.socket.destroy();
    await vi.waitFor(() => expect(server.dlq.streams[0]?.signal.aborted).toBe(true));
  });

  /** Opens a stream that the client does not read, until the server waits for it. */
  async function openUnread(server: Server, headers: OutgoingHttpHeaders = {}) {
    const envelope = toBinary(
      EnvelopeSchema,
      create(EnvelopeSchema, {
        payload: { body: { case: "data", value: new Uint8Array(512 * 1024) } },
      }),
    );
    let asked = 0;
    server.dlq.onStream = async function* (_command, signal) {
      yield opened();
      while (!signal.aborted) {
        asked += 1;
        yield { kind: "deliveries", deliveries: [delivery({ envelope })] };
      }
    };
    const session = connectHttp2(`http://${server.grpc}`);
    onTestFinished(() => session.destroy());
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: "POST",
      [constants.HTTP2_HEADER_PATH]: STREAM,
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    });
    stream.on("error", () => {});
    const message = toBinary(
      StreamDueRequestSchema,
      create(StreamDueRequestSchema, { queues: ["q"] }),
    );
    stream.end(Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]));
    // Nothing is read: the window fills, and requests for frames stop.
    let last = -1;
    await vi.waitFor(
      () => {
        const still = asked === last && asked > 0;
        last = asked;
        expect(still).toBe(true);
      },
      { interval: 100, timeout: 5_000 },
    );
    expect(asked).toBeLessThan(20);
    return stream;
  }
  const isFreed = (server: Server) =>
    vi.waitFor(() => expect(server.dlq.streams[0]?.signal.aborted).toBe(true));

  it("request only as much as a client reads, and end when it disconnects", async () => {
    const server = await startServer();
    const stream = await openUnread(server);
    stream.close(constants.NGHTTP2_CANCEL);
    await isFreed(server);
  });

  it("end when their token is revoked, also if the client does not read", async () => {
    const server = await startServer({ tokens: ["t1"] });
    const stream = await openUnread(server, { authorization: "Bearer t1" });
    const closed = once(stream, "close");
    server.credentials.replace([]);
    await isFreed(server);
    await closed;
    expect(stream.rstCode).toBe(constants.NGHTTP2_CANCEL);
  });
});

describe("deadlines on the wire", () => {
  it("are those of the client", async () => {
    const server = await startServer();
    server.dlq.onSend = () => new Promise(() => {});
    const error = await errorOf(
      server.client.sendToDlq({ queue: "q", payload }, { timeoutMs: 50 }),
    );
    expect(error.code).toBe(Code.DeadlineExceeded);
  });

  it.each(["99999999H", "99999999S"])("of %s do not expire at once", async (timeout) => {
    const server = await startServer();
    // Longer than a timer that overflows, which fires after 1 ms.
    server.dlq.onStats = () =>
      new Promise((resolve) => setTimeout(resolve, 20, { nowMs: 0, queues: [] }));
    const answer = await rawCall(server.grpc, STATS, new Uint8Array(0), {
      "grpc-timeout": timeout,
    });
    expect(answer.trailers["grpc-status"]).toBe("0");
  });
});

describe("limits on the wire", () => {
  const sending = (bytes: number) => ({
    queue: "q",
    payload: { body: { case: "data" as const, value: new Uint8Array(bytes) } },
  });

  it("accept the largest payload in both directions", async () => {
    const server = await startServer({ payloadMaxBytes: 3 * 1024 * 1024 });
    server.dlq.onStream = async function* (_command, signal) {
      const envelope = server.dlq.sent[0]?.encodeEnvelope("TIMEOUT") ?? new Uint8Array(0);
      yield { kind: "deliveries", deliveries: [delivery({ envelope })] };
      await aborted(signal);
    };
    await server.client.sendToDlq(sending(3 * 1024 * 1024));
    const stream = server.client.streamDue({ queues: ["q"] })[Symbol.asyncIterator]();
    const frame = (await stream.next()).value?.frame;
    if (frame?.case !== "deliveries") throw new Error("no deliveries");
    const body = frame.value.deliveries[0]?.message?.payload?.body;
    expect(body?.case === "data" && body.value.length).toBe(3 * 1024 * 1024);
    await stream.return?.();
  });

  it("refuse a larger request without reading it, with details", async () => {
    const server = await startServer();
    const error = await errorOf(server.client.sendToDlq(sending(5 * 1024 * 1024)));
    expect(error.code).toBe(Code.ResourceExhausted);
    expect(error.rawMessage).toContain("4194304 bytes");
    expect(reasonOf(error)).toBe("TOO_LARGE");
    expect(server.dlq.sent).toEqual([]);
  });

  it("end the stream of a refused request while its client waits to send the rest", async () => {
    const { grpc } = await startServer();
    const session = connectHttp2(`http://${grpc}`);
    onTestFinished(() => session.destroy());
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: "POST",
      [constants.HTTP2_HEADER_PATH]: "/dlq.v1.DlqService/SendToDlq",
      "content-type": "application/grpc",
      te: "trailers",
    });
    let status: unknown;
    // A response without a message has its trailers in its headers.
    stream.on("response", (headers) => {
      status = headers["grpc-status"];
    });
    stream.resume();
    // Announces 16 MiB and starts to send, but never ends.
    stream.write(Buffer.concat([Buffer.from([0, 1, 0, 0, 0]), Buffer.alloc(100_000)]));
    await once(stream, "close");
    expect(status).toBe(`${Code.ResourceExhausted}`);
  });

  it("refuse a batch above 3.5 MiB", async () => {
    const server = await startServer({ payloadMaxBytes: 3 * 1024 * 1024 });
    const half = sending(1.76 * 1024 * 1024);
    const error = await errorOf(server.client.sendToDlqBatch({ requests: [half, half] }));
    expect(error.code).toBe(Code.ResourceExhausted);
    expect(error.rawMessage).toContain(`${3.5 * 1024 * 1024} bytes`);
    expect(server.dlq.sent).toEqual([]);
  });

  it("refuse invalid bytes with details", async () => {
    const server = await startServer();
    const answer = await rawCall(server.grpc, STATS, new Uint8Array([0xff, 0xff]));
    expect(answer.trailers["grpc-status"]).toBe("3");
    expect(answer.trailers["grpc-status-details-bin"]).toBeDefined();
  });
});

describe("compression", () => {
  const call = async (compressMinBytes: number) => {
    const server = await startServer({ config: { compressMinBytes } });
    server.dlq.onStats = async () => ({ nowMs: 0, queues: [] });
    server.dlq.onStream = async function* () {
      const failure = "x".repeat(2_000);
      const envelope = toBinary(EnvelopeSchema, create(EnvelopeSchema, { sourceId: failure }));
      yield { kind: "deliveries", deliveries: [delivery({ envelope })] };
    };
    const request = toBinary(
      StreamDueRequestSchema,
      create(StreamDueRequestSchema, { queues: ["q"] }),
    );
    const accepts = { "grpc-accept-encoding": "gzip" };
    const answer = await rawCall(server.grpc, STREAM, request, accepts);
    // The first byte of a gRPC frame is the compression flag.
    return { compressed: answer.body[0] === 1, bytes: answer.body.length };
  };

  it("is off at 0, whatever the client accepts", async () => {
    expect(await call(0)).toMatchObject({ compressed: false });
  });

  it("starts at the configured size", async () => {
    expect(await call(1_000)).toMatchObject({ compressed: true });
    expect(await call(100_000)).toMatchObject({ compressed: false });
  });
});

describe("connections", () => {
  it("with unanswered PINGs are closed with their streams", async () => {
    const server = await startServer({ config: { pingIntervalMs: 30 } });
    // A peer that opens an HTTP/2 connection and then never sends anything.
    const [host, port] = server.grpc.split(":");
    const dead = connectTcp(Number(port), host);
    dead.on("error", () => {});
    dead.resume();
    dead.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    dead.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
    // A live peer: its stream outlives the dead one.
    const stream = server.client.streamDue({ queues: ["q"] })[Symbol.asyncIterator]();
    await stream.next();
    await once(dead, "close");
    expect(server.dlq.streams[0]?.signal.aborted).toBe(false);
    await stream.return?.();
  });

  it("beyond their maximum age end streams with a drain frame, and the worker reconnects", async () => {
    const server = await startServer({ config: { maxConnectionAgeMs: 100 } });
    const frames: (string | undefined)[] = [];
    for await (const { frame } of server.client.streamDue({ queues: ["q"] })) {
      frames.push(frame.case);
    }
    expect(frames).toEqual(["opened", "drain"]);
    await server.client.stats({});
  });

  it("fail with an explanation if the port is in use", async () => {
    const server = await startServer();
    const port = Number(server.grpc.split(":")[1]);
    const taken = { host: "127.0.0.1", port };
    await expect(startServer({ config: { listenGrpc: taken } })).rejects.toThrow(
      `cannot listen for gRPC on ${server.grpc}: the port is in use`,
    );
    // All or none: the first listener is closed if the second one fails.
    await expect(startServer({ config: { listenHttp: taken } })).rejects.toThrow(
      "cannot listen for HTTP",
    );
  });
});

describe("a stop", () => {
  it("waits for calls in progress and accepts no new ones", async () => {
    const server = await startServer();
    let finish = () => {};
    server.dlq.onSend = () =>
      new Promise((resolve) => {
        finish = () => resolve(scheduled());
      });
    const call = server.client.sendToDlq({ queue: "q", payload });
    await vi.waitFor(() => expect(server.dlq.sent).toHaveLength(1));
    const closed = server.listeners.close(10_000);
    const late = await errorOf(grpcClient(`http://${server.grpc}`).stats({}));
    expect(late.code).toBe(Code.Unavailable);
    finish();
    expect((await call).id).not.toBe("");
    await closed;
  });

  it("cuts calls after the grace period with an error", async () => {
    const server = await startServer();
    server.dlq.onStream = async function* () {
      yield opened();
      await new Promise(() => {});
    };
    server.dlq.onSend = () => new Promise(() => {});
    const stream = server.client.streamDue({ queues: ["q"] })[Symbol.asyncIterator]();
    await stream.next();
    const call = errorOf(server.client.sendToDlq({ queue: "q", payload }));
    await vi.waitFor(() => expect(server.dlq.sent).toHaveLength(1));
    const ended = errorOf(stream.next());
    await server.listeners.close(20);
    const error = await ended;
    expect(error.code).toBe(Code.Unavailable);
    expect(reasonOf(error)).toBe("SERVER_STOPPING");
    expect((await call).code).toBe(Code.Unavailable);
  });

  it("is quick with idle connections", async () => {
    const server = await startServer();
    await server.client.stats({});
    const startedAtMs = performance.now();
    await server.listeners.close(60_000);
    expect(performance.now() - startedAtMs).toBeLessThan(30_000);
  });
});

describe("TLS", () => {
  const file = (name: string) => readFileSync(new URL(`tls/${name}`, import.meta.url));
  const tls = { cert: file("test-only.crt"), key: file("test-only.key") };

  it("serves both listeners", async () => {
    const server = await startServer({ config: { tls } });
    const transport = createGrpcTransport({
      baseUrl: `https://${server.grpc}`,
      nodeOptions: { rejectUnauthorized: false },
    });
    await createClient(DlqService, transport).stats({});
    const plain = await errorOf(server.client.stats({}));
    expect(plain).toBeInstanceOf(ConnectError);
  });

  it.each([
    ["another's key", { ...tls, key: file("other-test-only.key") }],
    ["a key that was cut", { ...tls, key: tls.key.subarray(0, tls.key.length / 2) }],
  ])("%s is refused with the names of the files", (_, pair) => {
    expect(() => checkTls(pair, "a.crt", "a.key")).toThrow(
      /a\.crt and the key a\.key do not match/,
    );
  });
});

it("calls over the network need credentials", async () => {
  const server = await startServer({ tokens: ["t1"] });
  const request = toBinary(StatsRequestSchema, create(StatsRequestSchema));
  const without = await rawCall(server.grpc, STATS, request);
  expect(without.trailers["grpc-status"]).toBe("16");
  const sent = await rawCall(server.grpc, STATS, request, { authorization: "Bearer t1" });
  expect(sent.trailers["grpc-status"]).toBe("0");
});

it("an unknown method is UNIMPLEMENTED for a client", async () => {
  const server = await startServer();
  const bytes = toBinary(SendToDlqRequestSchema, create(SendToDlqRequestSchema));
  const answer = await rawCall(server.grpc, "/dlq.v1.DlqService/Nothing", bytes);
  expect(answer.headers[constants.HTTP2_HEADER_STATUS]).toBe(200);
  expect(answer.trailers["grpc-status"]).toBe("12");
});
