// After a client disconnects, the signal of its call aborts and nothing is kept.

import { once } from "node:events";
import { constants } from "node:http2";
import { connect as connectTcp } from "node:net";
import { Code, type HandlerContext } from "@connectrpc/connect";
import { describe, expect, it, vi } from "vitest";
import { DlqService, StreamDueRequestSchema } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { aborted } from "../rpc/scripted-dlq.ts";
import { CLIENTS, open } from "./clients.ts";
import { inProgress, type Server, startServer, untilIdle } from "./listener.ts";
import {
  encode,
  frameOf,
  openRaw,
  type RawCall,
  type RawConnection,
  STATS,
  STREAM,
} from "./raw.ts";

const { stats, streamDue } = DlqService.method;

/** A server whose Stats ends when its caller disconnects. */
async function startHanging() {
  const contexts: HandlerContext[] = [];
  const server = await startServer({
    methods: {
      async stats(_request, context) {
        contexts.push(context);
        await aborted(context.signal);
        return {};
      },
    },
  });
  const begun = () =>
    vi.waitFor(async () => expect(await inProgress(server)).toEqual({ calls: 1, streams: 0 }));
  const isAborted = () => contexts[0]?.signal.aborted === true;
  return { server, begun, isAborted };
}

async function untilStreaming(server: Server): Promise<void> {
  await vi.waitFor(async () => expect(await inProgress(server)).toEqual({ calls: 0, streams: 1 }));
}

describe.for(CLIENTS)("$name", (client) => {
  it("cancels a call", async () => {
    const { server, begun, isAborted } = await startHanging();
    const controller = new AbortController();
    const call = open(client, server).unary(stats, {}, { signal: controller.signal });
    await begun();
    controller.abort();
    expect(await call).toMatchObject({ code: Code.Canceled });
    await untilIdle(server);
    expect(isAborted()).toBe(true);
  });

  it("cancels a stream", async () => {
    const server = await startServer();
    const controller = new AbortController();
    const { signal } = controller;
    const stream = open(client, server).stream(streamDue, [{ queues: ["q"] }], { signal });
    await stream.next();
    await untilStreaming(server);
    controller.abort();
    expect(await stream.next()).toBe(undefined);
    expect(await stream.ended).toMatchObject({ code: Code.Canceled });
    await untilIdle(server);
    expect(server.dlq.streams[0]?.signal.aborted).toBe(true);
  });
});

type Leave = (call: RawCall, connection: RawConnection) => void;
const LEAVE: [string, Leave][] = [
  ["resets it with CANCEL", ({ stream }) => stream.close(constants.NGHTTP2_CANCEL)],
  ["resets it with NO_ERROR", ({ stream }) => stream.close(constants.NGHTTP2_NO_ERROR)],
  ["closes the connection", (_, { session }) => session.destroy()],
  ["breaks the connection", (_, { session }) => session.socket.resetAndDestroy()],
];

describe.for(LEAVE)("a gRPC client that %s", ([, leave]) => {
  it("ends a call", async () => {
    const { server, begun, isAborted } = await startHanging();
    const raw = await openRaw(server.grpc);
    const call = raw.call(STATS);
    call.stream.end(frameOf(new Uint8Array(0)));
    await begun();
    leave(call, raw);
    await untilIdle(server);
    expect(isAborted()).toBe(true);
  });

  it("ends a stream", async () => {
    const server = await startServer();
    const raw = await openRaw(server.grpc);
    const call = raw.call(STREAM);
    call.stream.end(encode(StreamDueRequestSchema, { queues: ["q"] }));
    await once(call.stream, "data");
    leave(call, raw);
    await untilIdle(server);
    expect(server.dlq.streams[0]?.signal.aborted).toBe(true);
  });

  it("before its request is complete leaves nothing behind", async () => {
    const server = await startServer();
    const raw = await openRaw(server.grpc);
    const call = raw.call(STATS);
    call.stream.write(frameOf(new Uint8Array(100)).subarray(0, 50));
    // A response on the same connection shows that the server has read everything before.
    await raw.send("/grpc.health.v1.Health/Check", frameOf(new Uint8Array(0)));
    leave(call, raw);
    await call.ended;
    await untilIdle(server);
    expect(server.dlq.statsOf).toEqual([]);
  });
});

it("an HTTP client that breaks its connection ends its call", async () => {
  const { server, begun, isAborted } = await startHanging();
  const [host = "", port] = server.http.split(":");
  const socket = connectTcp(Number(port), host);
  socket.write(
    `POST ${STATS} HTTP/1.1\r\nhost: ${server.http}\r\ncontent-type: application/json\r\n` +
      "content-length: 2\r\n\r\n{}",
  );
  await begun();
  socket.resetAndDestroy();
  await untilIdle(server);
  expect(isAborted()).toBe(true);
});

it("one of two calls on a connection ends separately", async () => {
  const { server, begun } = await startHanging();
  const raw = await openRaw(server.grpc);
  const call = raw.call(STATS);
  call.stream.end(frameOf(new Uint8Array(0)));
  const stream = raw.call(STREAM);
  stream.stream.end(encode(StreamDueRequestSchema, { queues: ["q"] }));
  await once(stream.stream, "data");
  await vi.waitFor(async () => expect(await inProgress(server)).toEqual({ calls: 1, streams: 1 }));
  stream.stream.close(constants.NGHTTP2_CANCEL);
  await begun();
});

it("500 calls that are reset at once leave nothing behind", async () => {
  const server = await startServer();
  const raw = await openRaw(server.grpc);
  const empty = frameOf(new Uint8Array(0));
  const calls = Array.from({ length: 500 }, (_, i) => {
    const call = raw.call(i % 2 === 0 ? STATS : STREAM);
    call.stream.end(i % 2 === 0 ? empty : encode(StreamDueRequestSchema, { queues: ["q"] }));
    call.stream.close(constants.NGHTTP2_CANCEL);
    return call.ended;
  });
  await Promise.all(calls);
  await untilIdle(server);
  expect(server.dlq.streams.every(({ signal }) => signal.aborted)).toBe(true);
  expect(await raw.send(STATS, empty)).toMatchObject({ code: 0 });
});
