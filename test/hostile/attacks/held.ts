// Attacks that hold resources: bodies without an end, unread answers, silent connections.

import { setTimeout as delay } from "node:timers/promises";
import { create, toBinary } from "@bufbuild/protobuf";
import { StatsRequestSchema, StreamDueRequestSchema } from "../../../gen/dlq/v1/dlq_service_pb.ts";
import { frameOf } from "../../../src/rpc/grpc/frames.ts";
import type { Attack, Run } from "../attack.ts";
import {
  call,
  check,
  openSession,
  openStream,
  REFLECTION,
  SEND,
  STATS,
  STREAM,
  WATCH,
} from "../calls.ts";
import { FLAG, FRAME, http2Frame, openCall, Peer, SETTING } from "../wire.ts";

const MIB = 1024 * 1024;
const STREAMS = 256;
/** The gRPC status of a busy server. */
const UNAVAILABLE = 14;
const EMPTY = frameOf(new Uint8Array(0));

/** A message of 4 MiB without its last byte. */
const UNFINISHED = frameOf(Buffer.alloc(4 * MIB - 16)).subarray(0, 4 * MIB - 12);

async function openPeers(
  run: Run,
  count: number,
  begin: (peer: Peer) => Promise<unknown>,
  values: Readonly<Record<number, number>> = {},
) {
  const peers: Peer[] = [];
  while (peers.length < count && !run.over.aborted) {
    const peer = await Peer.http2(run.target.grpc, values);
    peers.push(peer);
    await begin(peer);
    run.count("connections");
  }
  await hold(run, peers);
}

/** Holds the connections. @throws Error if the server closed one of them */
async function hold(run: Run, peers: readonly Peer[]): Promise<void> {
  await run.hold();
  const gone = peers.filter(({ isClosed }) => isClosed).length;
  for (const peer of peers) peer.destroy();
  check(gone === 0, `${gone} of ${peers.length} connections were closed`);
}

export const HELD_ATTACKS: readonly Attack[] = [
  {
    name: "endless-bodies",
    what: "4 connections with 256 requests of 4 MiB each, never finished: 4 GiB",
    memoryMiB: 256,
    why: "unfinished requests of all connections together hold 256 MiB",
    atLeast: { MiB: 512, refused: 1 },
    holds: true,
    async run({ target, count, hold, over }) {
      const sessions = Array.from({ length: 4 }, () => openSession(target.grpc));
      await Promise.all(
        sessions.map(async (session) => {
          for (let at = 0; at < STREAMS && !over.aborted && !session.destroyed; at++) {
            const stream = openStream(session, SEND);
            stream.once("response", (headers) => {
              if (Number(headers["grpc-status"]) === UNAVAILABLE) count("refused");
            });
            await new Promise<void>((resolve) => {
              stream.write(UNFINISHED, () => resolve());
              stream.once("close", resolve);
            });
            count("MiB", 4);
          }
        }),
      );
      await hold();
      for (const session of sessions) session.destroy();
    },
  },
  {
    name: "http-endless-bodies",
    what: "500 requests of 4 MiB each, never finished: 2 GiB",
    memoryMiB: 256,
    why: "unfinished requests of all connections together hold 256 MiB",
    atLeast: { MiB: 512, "cut off": 1 },
    holds: true,
    async run({ target, count, hold, over }) {
      const head = `POST ${SEND} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`;
      const begin = Buffer.from(`${head}Content-Length: ${4 * MIB}\r\n\r\n`);
      const body = Buffer.alloc(4 * MIB - 1, "x");
      const peers: Peer[] = [];
      for (let at = 0; at < 500 && !over.aborted; at++) {
        const peer = new Peer(target.http);
        peers.push(peer);
        void peer.closed.then(() => count("cut off"));
        await peer.write(begin);
        await peer.write(body);
        count("MiB", 4);
      }
      await hold();
      for (const peer of peers) peer.destroy();
    },
  },
  {
    name: "slow-drip",
    what: "2,560 requests that get a byte now and then, each after 60 KiB of unknown frames",
    memoryMiB: 2_560 * 0.008,
    why: "8 KiB a request: only its own bytes are stored, not all that were read",
    atLeast: { requests: 2_560 },
    holds: true,
    async run(run) {
      // Peers must ignore unknown frames. Too many PINGs would close the connection.
      const unknown = http2Frame(0xee, 0, 0, Buffer.alloc(15_000));
      const filler = Buffer.concat(new Array<Buffer>(4).fill(unknown));
      const isOver = () => run.over.aborted;
      const drip = async (peer: Peer) => {
        for (let at = 0; at < STREAMS && !isOver(); at++) {
          const id = 2 * at + 1;
          const data = http2Frame(FRAME.DATA, 0, id, UNFINISHED.subarray(0, 6));
          await peer.write(Buffer.concat([openCall(id, SEND), data, filler]));
        }
        run.count("requests", STREAMS);
      };
      await openPeers(run, 10, drip);
    },
  },
  {
    name: "announced-4-gib",
    what: "20 connections with 256 requests of 4 GiB each",
    memoryMiB: 0,
    why: "refused by their length prefix",
    atLeast: { requests: 5_120 },
    holds: true,
    run: (run) =>
      openPeers(run, 20, (peer) => {
        const prefix = Buffer.from([0, 0xff, 0xff, 0xff, 0xff]);
        const calls = Array.from({ length: STREAMS }, (_, at) => [
          openCall(2 * at + 1, SEND),
          http2Frame(FRAME.DATA, 0, 2 * at + 1, prefix),
        ]);
        run.count("requests", STREAMS);
        return peer.write(Buffer.concat(calls.flat()));
      }),
  },
  {
    name: "silent-connections",
    what: "3,000 silent connections to each port",
    memoryMiB: 2_000 * 0.008,
    why: "each port keeps 1,000 connections, 8 KiB each",
    atLeast: { connections: 6_000, refused: 4_000 },
    holds: true,
    async run({ target, count, hold, over }) {
      const peers: Peer[] = [];
      for (const address of [target.grpc, target.http]) {
        for (let at = 0; at < 3_000 && !over.aborted; at += 100) {
          const some = Array.from({ length: 100 }, () => new Peer(address));
          peers.push(...some);
          await Promise.all(some.map((peer) => connected(peer)));
          count("connections", some.length);
        }
      }
      for (const peer of peers) void peer.closed.then(() => count("refused"));
      await hold();
      for (const peer of peers) peer.destroy();
    },
  },
  {
    name: "slow-readers",
    what: "16 unread delivery streams of a queue with more messages than they may hold",
    memoryMiB: 16 * 5,
    why: "4 MiB for each claim and 1 MiB for a copy in a frame",
    atLeast: { streams: 16, KiB: 16 * 15 },
    holds: true,
    async run(run) {
      const request = create(StreamDueRequestSchema, {
        queues: [run.target.queue],
        maxInFlight: 1_000,
      });
      const data = frameOf(toBinary(StreamDueRequestSchema, request));
      const peers: Peer[] = [];
      for (let at = 0; at < 16; at++) {
        // The window admits the start of the first frame, which proves that there was a claim.
        const values = { [SETTING.INITIAL_WINDOW_SIZE]: 16_384 };
        const peer = await Peer.http2(run.target.grpc, values);
        peers.push(peer);
        const body = http2Frame(FRAME.DATA, FLAG.END_STREAM, 1, data);
        await peer.write(Buffer.concat([openCall(1, STREAM), body]));
        run.count("streams");
      }
      for (const peer of peers) {
        while (!run.over.aborted && peer.receivedBytes < 16_384) await delay(5);
        run.count("KiB", Math.floor(peer.receivedBytes / 1024));
      }
      await hold(run, peers);
    },
  },
  {
    name: "unread-answers",
    what: "4 connections with an empty window, 256 calls each",
    memoryMiB: 4 * STREAMS * 0.008,
    why: "8 KiB for each unread answer",
    atLeast: { calls: 4 * STREAMS },
    holds: true,
    run: async (run) => {
      const peers = await Promise.all(
        Array.from({ length: 4 }, () =>
          Peer.http2(run.target.grpc, { [SETTING.INITIAL_WINDOW_SIZE]: 0 }),
        ),
      );
      for (const peer of peers) {
        const calls = Array.from({ length: STREAMS }, (_, at) => [
          openCall(2 * at + 1, STATS),
          http2Frame(FRAME.DATA, FLAG.END_STREAM, 2 * at + 1, EMPTY),
        ]);
        await peer.write(Buffer.concat(calls.flat()));
        run.count("calls", STREAMS);
      }
      await hold(run, peers);
    },
  },
  {
    name: "reflection",
    what: "512 streams that send 1 MiB of requests each and read no answer",
    memoryMiB: 256 + 64,
    why: "unread answers count like unfinished requests: 256 MiB in all",
    atLeast: { streams: 2 * STREAMS },
    holds: true,
    async run(run) {
      const question = frameOf(
        Buffer.concat([Buffer.from([0x22, 17]), Buffer.from("dlq.v1.DlqService")]),
      );
      const questions = Buffer.alloc(16_380 - (16_380 % question.length), question);
      const begin = async (peer: Peer) => {
        for (let at = 0; at < STREAMS && !run.over.aborted; at++) {
          await peer.write(openCall(2 * at + 1, REFLECTION));
          const data = http2Frame(FRAME.DATA, 0, 2 * at + 1, questions);
          await peer.write(Buffer.concat(new Array<Buffer>(60).fill(data)));
        }
        run.count("streams", STREAMS);
      };
      // The socket accepts answers, but no stream has a window for them.
      await openPeers(run, 2, begin, { [SETTING.INITIAL_WINDOW_SIZE]: 0 });
    },
  },
  {
    name: "invented-queues",
    what: "50 delivery streams of 1,000 invented queues each, in turn, and Stats of as many",
    memoryMiB: 25,
    why: "0.5 KiB for each queue of an open stream",
    atLeast: { streams: 50, stats: 50 },
    async run({ target, over, count }) {
      const sessions = Array.from({ length: 5 }, () => openSession(target.grpc));
      let turn = 0;
      await Promise.all(
        sessions.map(async (session) => {
          while (!over.aborted) {
            const streams = Array.from({ length: 10 }, () => {
              const queues = Array.from({ length: 1_000 }, (_, at) => `invented-${turn}-${at}`);
              turn++;
              const stream = openStream(session, STREAM);
              const request = create(StreamDueRequestSchema, { queues });
              stream.end(frameOf(toBinary(StreamDueRequestSchema, request)));
              return { stream, queues };
            });
            for (const { stream, queues } of streams) {
              await new Promise((resolve) => stream.once("data", resolve).once("close", resolve));
              count("streams");
              const request = create(StatsRequestSchema, { queues });
              const asked = frameOf(toBinary(StatsRequestSchema, request));
              const { grpcStatus } = await call(session, STATS, asked);
              check(grpcStatus === 0 || over.aborted, `Stats of invented queues: ${grpcStatus}`);
              count("stats");
            }
            for (const { stream } of streams) stream.close(8);
          }
        }),
      );
      for (const session of sessions) session.destroy();
    },
  },
  {
    name: "health-watch",
    what: "300 connections with 8 streams of Health.Watch each",
    memoryMiB: 1_024 * 0.022 + 300 * 0.03,
    why: "4 streams of a connection and 1,024 in all, 22 KiB each; 30 KiB for each connection",
    atLeast: { streams: 300 * 8 },
    holds: true,
    run: (run) =>
      openPeers(run, 300, (peer) => {
        const calls = Array.from({ length: 8 }, (_, at) => [
          openCall(2 * at + 1, WATCH),
          http2Frame(FRAME.DATA, FLAG.END_STREAM, 2 * at + 1, EMPTY),
        ]);
        run.count("streams", 8);
        return peer.write(Buffer.concat(calls.flat()));
      }),
  },
];

function connected(peer: Peer): Promise<void> {
  return new Promise((resolve) => {
    peer.socket.once("connect", resolve);
    peer.socket.once("close", () => resolve());
  });
}
