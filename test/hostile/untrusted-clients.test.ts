// The limits of what a listener stores and starts for an untrusted client, one test for each.

import { once } from "node:events";
import { Code } from "@connectrpc/connect";
import { expect, it, onTestFinished, vi } from "vitest";
import { frameOf } from "../../src/rpc/grpc/frames.ts";
import { UNPAID_PIECES } from "../../src/rpc/pieces.ts";
import {
  inProgress,
  type Server,
  type ServerOptions,
  startServer,
  untilIdle,
} from "../conformance/listener.ts";
import { openRaw } from "../conformance/raw.ts";
import { REFLECTION, SEND, STATS, STREAM } from "./calls.ts";
import { FLAG, FRAME, http2Frame, openCall, Peer, SETTING, uint32 } from "./wire.ts";

const MIB = 1024 * 1024;
const EMPTY = frameOf(new Uint8Array(0));
const GET = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";

async function openPeer(address: string): Promise<Peer> {
  const peer = new Peer(address);
  onTestFinished(() => peer.destroy());
  await once(peer.socket, "connect");
  return peer;
}

/** Collects what a peer receives until the connection closes or this many answers came. */
function answers(peer: Peer, status: string) {
  let text = "";
  peer.socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
  });
  return () => text.split(`HTTP/1.1 ${status}`).length - 1;
}

it("on the HTTP port, a missing token is reported before the request body arrives", async () => {
  const server = await startServer({ tokens: ["t1"] });
  const peer = await openPeer(server.http);
  const refused = answers(peer, "401");
  const type = "Content-Type: application/json\r\nContent-Length: 1000";
  peer.socket.write(`POST ${STATS} HTTP/1.1\r\nHost: localhost\r\n${type}\r\n\r\n`);
  await vi.waitFor(() => expect(refused()).toBe(1), 5_000);
});

it("a few requests in one write are answered, a flood of them is not", async () => {
  const server = await startServer();
  const few = await openPeer(server.http);
  const answered = answers(few, "200");
  few.socket.write(GET.repeat(10));
  await vi.waitFor(() => expect(answered()).toBe(10), 5_000);
  expect(few.isClosed).toBe(false);
  const flood = await openPeer(server.http);
  flood.socket.write(GET.repeat(1_000));
  await flood.closed;
});

it("a call that is reset in the same write is not started", async () => {
  const server = await startServer();
  const peer = await Peer.http2(server.grpc);
  onTestFinished(() => peer.destroy());
  const frames = Array.from({ length: 100 }, (_, at) => [
    openCall(2 * at + 1, STATS),
    http2Frame(FRAME.DATA, FLAG.END_STREAM, 2 * at + 1, EMPTY),
    // The last call is not reset.
    ...(at === 99 ? [] : [http2Frame(FRAME.RST_STREAM, 0, 2 * at + 1, uint32(8))]),
  ]);
  peer.socket.write(Buffer.concat(frames.flat()));
  await vi.waitFor(() => expect(server.dlq.statsOf).toHaveLength(1), 5_000);
  await untilIdle(server);
  expect(server.dlq.statsOf).toHaveLength(1);
});

const UNFINISHED = frameOf(Buffer.alloc(3 * MIB)).subarray(0, 3 * MIB);

async function startSmall(): Promise<Server> {
  return startServer({ config: { requestMemoryBytes: 16 * MIB } });
}

it("too much memory in unfinished gRPC requests refuses the oldest", async () => {
  const server = await startSmall();
  const raw = await openRaw(server.grpc);
  const calls = Array.from({ length: 12 }, () => {
    const call = raw.call(SEND);
    call.stream.write(UNFINISHED);
    return call;
  });
  expect(await calls[0]?.ended).toMatchObject({
    code: Code.Unavailable,
    details: [{ reason: "SERVER_BUSY" }, { retryDelay: "1s" }],
  });
  expect(await raw.send(STATS, EMPTY)).toMatchObject({ code: 0 });
});

it("too much memory in unfinished HTTP requests closes the oldest", async () => {
  const server = await startSmall();
  const type = "Content-Type: application/json\r\nContent-Length: 4000000";
  const begin = `POST ${SEND} HTTP/1.1\r\nHost: localhost\r\n${type}\r\n\r\n`;
  const peers: Peer[] = [];
  for (let at = 0; at < 8; at++) {
    const peer = await openPeer(server.http);
    await peer.write(Buffer.concat([Buffer.from(begin), UNFINISHED]));
    peers.push(peer);
  }
  await peers[0]?.closed;
  expect(peers.at(-1)?.isClosed).toBe(false);
});

it("questions to reflection that run far ahead of the answers end the stream", async () => {
  const server = await startServer();
  // Without a window, the first answer is never written.
  const peer = await Peer.http2(server.grpc, { [SETTING.INITIAL_WINDOW_SIZE]: 0 });
  onTestFinished(() => peer.destroy());
  const question = frameOf(Buffer.concat([Buffer.from([0x22, 1]), Buffer.from("x")]));
  const frame = http2Frame(FRAME.DATA, 0, 1, Buffer.alloc(16_384, question));
  await peer.write(openCall(1, REFLECTION));
  await peer.write(Buffer.concat([frame, frame, frame]));
  await vi.waitFor(async () => expect(await inProgress(server)).toMatchObject({ streams: 1 }));
  await peer.write(Buffer.concat([frame, frame]));
  await untilIdle(server);
});

/** Starts ten unread answers of 3 MiB. The socket buffers a few of them. */
async function startUnread(config: NonNullable<ServerOptions["config"]>) {
  const server = await startServer({
    config: { maxConnections: 2, ...config },
    methods: { stats: async () => ({ queues: [{ queue: "x".repeat(3 * MIB) }] }) },
  });
  const silent = await openPeer(server.http);
  const request = '{"queues":["q"]}';
  const type = "Content-Type: application/connect+json";
  const prefix = `\0\0\0\0${String.fromCharCode(request.length)}`;
  const post = (path: string, body: string, headers: string) =>
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const opened = once(silent.socket, "data");
  silent.socket.write(post(STREAM, prefix + request, type));
  await opened;
  const unread = await openPeer(server.http);
  unread.socket.pause();
  unread.socket.write(post(STATS, "{}", "Content-Type: application/json").repeat(10));
  return { server, silent };
}

/** Waits until one of the two connections has ended. */
function untilRoom(server: Server): Promise<void> {
  return vi.waitFor(async () => {
    const next = await openPeer(server.http);
    next.socket.write(GET);
    const answered = once(next.socket, "data").then(() => "answered");
    expect(await Promise.race([next.closed, answered])).toBe("answered");
  });
}

it("on the HTTP port, unread answers are cut off, and a silent stream stays", async () => {
  const { server, silent } = await startUnread({ unreadTimeoutMs: 100 });
  await untilRoom(server);
  expect(silent.isClosed).toBe(false);
});

it("on the HTTP port, unread answers count as memory", async () => {
  const { server, silent } = await startUnread({ requestMemoryBytes: MIB });
  await untilRoom(server);
  expect(silent.isClosed).toBe(false);
});

/** Pieces that are one byte each, and more than a connection may send. */
const TINY = 2 * UNPAID_PIECES;

it("on the HTTP port, a body in far too many tiny pieces ends its connection", async () => {
  const server = await startServer();
  const head = `POST ${SEND} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`;
  const peer = await openPeer(server.http);
  peer.socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n${"1\r\nx\r\n".repeat(TINY)}`);
  await peer.closed;
  const modest = await openPeer(server.http);
  const refused = answers(modest, "400");
  const body = `${"1\r\nx\r\n".repeat(UNPAID_PIECES / 2)}0\r\n\r\n`;
  modest.socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n${body}`);
  await vi.waitFor(() => expect(refused()).toBe(1), 10_000);
});

it.for([SEND, REFLECTION])(
  "requests of %s in far too many tiny pieces end their connection",
  async (path) => {
    const server = await startServer();
    const peer = await Peer.http2(server.grpc);
    onTestFinished(() => peer.destroy());
    const frames = (id: number, count: number) =>
      Array.from({ length: count }, () => http2Frame(FRAME.DATA, 0, id, Buffer.alloc(1)));
    // The pieces of all calls count.
    for (const id of [1, 3, 5, 7]) {
      peer.socket.write(Buffer.concat([openCall(id, path), ...frames(id, TINY / 4)]));
    }
    await peer.closed;
  },
);

it("a connection may send any number of whole messages, however short", async () => {
  const server = await startServer();
  const session = await openRaw(server.grpc);
  for (let burst = 0; burst < 50; burst++) {
    const calls = Array.from({ length: 100 }, () => session.send(STATS, EMPTY));
    for (const { code } of await Promise.all(calls)) expect(code).toBe(0);
  }
});
