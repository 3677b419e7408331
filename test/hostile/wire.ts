// HTTP/2 frames on a raw socket, for input that no library would send.

import { once } from "node:events";
import { connect, type Socket } from "node:net";

export const FRAME = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

export const FLAG = { END_STREAM: 1, ACK: 1, END_HEADERS: 4, PADDED: 8 } as const;

export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** Ids of settings. */
export const SETTING = { HEADER_TABLE_SIZE: 1, INITIAL_WINDOW_SIZE: 4 } as const;

export type HeaderPair = readonly [name: string | Buffer, value: string | Buffer];

/** @param stream 0 for the connection */
export function http2Frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array = NOTHING,
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

const NOTHING = new Uint8Array(0);

export function settings(values: Readonly<Record<number, number>> = {}): Buffer {
  const payload = Object.entries(values).map(([id, value]) => {
    const one = Buffer.alloc(6);
    one.writeUInt16BE(Number(id));
    one.writeUInt32BE(value, 2);
    return one;
  });
  return http2Frame(FRAME.SETTINGS, 0, 0, Buffer.concat(payload));
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Encodes headers in HPACK without tables and Huffman codes. */
export function headerBlock(pairs: readonly HeaderPair[]): Buffer {
  return Buffer.concat(
    pairs.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]),
  );
}

/** Encodes a header that the peer adds to its table, as index 62. */
export function indexedField([name, value]: HeaderPair): Buffer {
  return Buffer.concat([Buffer.from([0x40]), text(name), text(value)]);
}

function text(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([integer(bytes.length), bytes]);
}

/** Encodes an integer with a prefix of seven bits. */
function integer(value: number): Buffer {
  if (value < 127) return Buffer.from([value]);
  const bytes = [127];
  let rest = value - 127;
  for (; rest >= 128; rest >>>= 7) bytes.push((rest & 127) | 128);
  return Buffer.from([...bytes, rest]);
}

export function callHeaders(path: string): HeaderPair[] {
  return [
    [":method", "POST"],
    [":scheme", "http"],
    [":path", path],
    [":authority", "x"],
    ["content-type", "application/grpc"],
    ["te", "trailers"],
  ];
}

/** Returns the HEADERS of a call. Its stream stays open for a body. */
export function openCall(stream: number, path: string): Buffer {
  return http2Frame(FRAME.HEADERS, FLAG.END_HEADERS, stream, headerBlock(callHeaders(path)));
}

/** A raw connection. Counts and discards what it receives, unless `paused`. */
export class Peer {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  isClosed = false;
  receivedBytes = 0;

  constructor(address: string) {
    const [host, port] = address.split(":");
    this.socket = connect(Number(port), host);
    this.socket.on("error", () => {}); // `close` reports what the server does
    this.socket.on("data", (chunk: Buffer) => {
      this.receivedBytes += chunk.length;
    });
    this.closed = new Promise((resolve) => {
      this.socket.once("close", () => {
        this.isClosed = true;
        resolve();
      });
    });
  }

  /** Resolves when both sides have sent the HTTP/2 preface. */
  static async http2(address: string, values: Readonly<Record<number, number>> = {}) {
    const peer = new Peer(address);
    await once(peer.socket, "connect");
    peer.socket.write(Buffer.concat([PREFACE, settings(values)]));
    // Until its settings are acknowledged, the server uses the default windows.
    await Promise.race([once(peer.socket, "data"), peer.closed]);
    peer.socket.write(http2Frame(FRAME.SETTINGS, FLAG.ACK, 0));
    return peer;
  }

  /** Resolves with true when the socket has accepted the bytes, or with false if the connection has ended. */
  async write(bytes: Uint8Array): Promise<boolean> {
    if (this.isClosed) return false;
    const taken = new Promise<void>((resolve) => {
      this.socket.write(bytes, () => resolve());
    });
    await Promise.race([taken, this.closed]);
    return !this.isClosed;
  }

  destroy(): void {
    this.socket.destroy();
  }
}
