// Bodies in pieces of one byte: each piece costs a server far more than its byte. Each connection is opened again when the
// server closes it.

import { setImmediate as turnOfLoop } from "node:timers/promises";
import { frameOf } from "../../../src/rpc/grpc/frames.ts";
import type { Attack, Run } from "../attack.ts";
import { REFLECTION, SEND } from "../calls.ts";
import { FRAME, http2Frame, openCall, Peer, SETTING } from "../wire.ts";

const KI = 1024;
const MIB = KI * KI;
const CONNECTIONS = 4;
const STREAMS = 32;
/** All attacks make the server close connections. */
const AT_LEAST = { "Ki pieces": 64, connections: 2 * CONNECTIONS };

/** A message that never ends, so that its pieces are stored. */
const BEGINNING = frameOf(Buffer.alloc(MIB)).subarray(0, 5);
const QUESTION = frameOf(Buffer.concat([Buffer.from([0x22, 1]), Buffer.from("x")]));

function onConnections(
  open: (run: Run) => Promise<Peer>,
  send: (run: Run, peer: Peer) => Promise<void>,
): Attack["run"] {
  return async (run) => {
    const sendAgain = async () => {
      while (!run.over.aborted) {
        const peer = await open(run);
        // The server may stop reading, so only this ends the wait.
        const stop = () => peer.destroy();
        run.over.addEventListener("abort", stop);
        run.count("connections");
        await send(run, peer);
        run.over.removeEventListener("abort", stop);
        peer.destroy();
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, sendAgain));
  };
}

/** Opens calls and sends each up to 16 Ki bytes in DATA frames of one byte, after a first frame. */
function inFrames(path: string, first: Buffer, bytes: Buffer) {
  return async (run: Run, peer: Peer): Promise<void> => {
    for (let id = 1; id <= 2 * STREAMS; id += 2) {
      const frames = [...Buffer.alloc(KI, bytes)].map((byte) =>
        http2Frame(FRAME.DATA, 0, id, Buffer.from([byte])),
      );
      const all = Buffer.concat(frames);
      await peer.write(Buffer.concat([openCall(id, path), http2Frame(FRAME.DATA, 0, id, first)]));
      for (let at = 0; at < 16; at++) {
        if (!(await peer.write(all))) return;
        run.count("Ki pieces");
      }
    }
  };
}

const HTTP_HEAD = Buffer.from(
  `POST ${SEND} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
);
const CHUNKS = Buffer.from("1\r\nx\r\n".repeat(KI));

async function inChunks(run: Run, peer: Peer): Promise<void> {
  await peer.write(HTTP_HEAD);
  while (await peer.write(CHUNKS)) {
    run.count("Ki pieces");
    // Otherwise writes that the socket takes at once would keep its end from being seen.
    await turnOfLoop();
  }
}

export const PIECE_ATTACKS: readonly Attack[] = [
  {
    name: "http-pieces",
    what: "bodies of endless chunks of one byte each, on 4 connections",
    memoryMiB: 0,
    why: "a connection ends after 4,112 pieces",
    atLeast: AT_LEAST,
    run: onConnections(async ({ target }) => new Peer(target.http), inChunks),
  },
  {
    name: "grpc-pieces",
    what: "requests of 16 Ki DATA frames of one byte each, on 4 connections",
    memoryMiB: 0,
    why: "a connection ends after some thousand pieces",
    atLeast: AT_LEAST,
    run: onConnections(
      ({ target }) => Peer.http2(target.grpc),
      inFrames(SEND, BEGINNING, Buffer.from([0])),
    ),
  },
  {
    name: "reflection-pieces",
    what: "questions in DATA frames of one byte, on 4 connections, with unread answers",
    memoryMiB: 4 * 0.064,
    why: "64 KiB of questions for each stream, and a connection ends after some thousand pieces",
    atLeast: AT_LEAST,
    run: onConnections(
      ({ target }) => Peer.http2(target.grpc, { [SETTING.INITIAL_WINDOW_SIZE]: 0 }),
      inFrames(REFLECTION, QUESTION, QUESTION),
    ),
  },
];
