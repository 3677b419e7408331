// Bodies in pieces of one byte: each piece costs a server far more than its byte.

import { frameOf } from "../../../src/rpc/grpc/frames.ts";
import type { Attack, Run } from "../attack.ts";
import { check, REFLECTION, SEND } from "../calls.ts";
import { FRAME, http2Frame, openCall, Peer, SETTING } from "../wire.ts";

const KI = 1024;
const MIB = KI * KI;
const CONNECTIONS = 4;
const STREAMS = 32;

/** A message that never ends, so that its pieces are stored. */
const BEGINNING = frameOf(Buffer.alloc(MIB)).subarray(0, 5);
const QUESTION = frameOf(Buffer.concat([Buffer.from([0x22, 1]), Buffer.from("x")]));

/** Writes all, then holds the connections. */
async function holdAfter(
  run: Run,
  peers: readonly Peer[],
  write: (peer: Peer) => Promise<void>,
): Promise<void> {
  for (const peer of peers) if (!run.over.aborted) await write(peer);
  await run.hold();
  const gone = peers.filter(({ isClosed }) => isClosed).length;
  for (const peer of peers) peer.destroy();
  check(gone === 0, `${gone} of ${peers.length} connections were closed`);
}

/** Opens calls and sends each 16 Ki bytes in DATA frames of one byte, after a first frame. */
async function writeFrames(run: Run, peer: Peer, path: string, first: Buffer, bytes: Buffer) {
  for (let id = 1; id <= 2 * STREAMS; id += 2) {
    const frames = [...Buffer.alloc(KI, bytes)].map((byte) =>
      http2Frame(FRAME.DATA, 0, id, Buffer.from([byte])),
    );
    await peer.write(Buffer.concat([openCall(id, path), http2Frame(FRAME.DATA, 0, id, first)]));
    for (let at = 0; at < 16; at++) await peer.write(Buffer.concat(frames));
    run.count("Ki pieces", 16);
  }
}

function http2Peers(run: Run, count: number, values = {}): Promise<Peer[]> {
  return Promise.all(Array.from({ length: count }, () => Peer.http2(run.target.grpc, values)));
}

export const PIECE_ATTACKS: readonly Attack[] = [
  {
    name: "http-pieces",
    what: "4 bodies of 256 Ki chunks of one byte each",
    memoryMiB: (CONNECTIONS * 512) / KI,
    why: "a buffer of at most twice its bytes for each body",
    atLeast: { "Ki pieces": CONNECTIONS * 256 },
    costly: {
      p99Ms: 1_500,
      why: "Node reports each chunk by itself, in 2.5 us, and reads 11,000 of a connection at once",
    },
    holds: true,
    async run(run) {
      const head = `POST ${SEND} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`;
      const begin = Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n`);
      const chunks = Buffer.from("1\r\nx\r\n".repeat(KI));
      const peers = Array.from({ length: CONNECTIONS }, () => new Peer(run.target.http));
      await holdAfter(run, peers, async (peer) => {
        await peer.write(begin);
        for (let at = 0; at < 256; at++) {
          await peer.write(chunks);
          run.count("Ki pieces");
        }
      });
    },
  },
  {
    name: "grpc-pieces",
    what: "128 requests of 16 Ki DATA frames of one byte each",
    memoryMiB: 4 * STREAMS * 0.04,
    why: "a buffer of at most twice its bytes for each request, 8 KiB beside it",
    atLeast: { "Ki pieces": 4 * STREAMS * 16 },
    costly: {
      p99Ms: 1_000,
      why: "Node reports each frame by itself, and reads up to 2 MiB of a connection at once",
    },
    holds: true,
    async run(run) {
      const peers = await http2Peers(run, 4);
      await holdAfter(run, peers, (peer) =>
        writeFrames(run, peer, SEND, BEGINNING, Buffer.from([0])),
      );
    },
  },
  {
    name: "reflection-pieces",
    what: "64 streams of questions in DATA frames of one byte, with unread answers",
    memoryMiB: 2 * STREAMS * 0.064,
    why: "64 KiB of questions for each stream, then it is cut",
    atLeast: { "Ki pieces": 2 * STREAMS * 16 },
    costly: {
      p99Ms: 1_500,
      why: "Node reports each DATA frame by itself, and each question is one",
    },
    holds: true,
    async run(run) {
      const peers = await http2Peers(run, 2, { [SETTING.INITIAL_WINDOW_SIZE]: 0 });
      await holdAfter(run, peers, (peer) => writeFrames(run, peer, REFLECTION, QUESTION, QUESTION));
    },
  },
];
