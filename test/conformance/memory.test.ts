// The memory that an unauthenticated peer can occupy.

import { connect as connectTcp } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it, onTestFinished, vi } from "vitest";
import { startServer } from "./listener.ts";
import { frameOf, openRaw, SEND, STATS } from "./raw.ts";

const MB = 1_000_000;
const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const EMPTY_SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
const DATA = 0;
const HEADERS = 1;
const PING = 6;
const END_HEADERS = 4;

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

function http2Frame(type: number, flags: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(1, 5); // of the stream
  return Buffer.concat([head, payload]);
}

/** HPACK without tables and Huffman. */
function headerBlock(headers: Record<string, string>): Buffer {
  return Buffer.concat(
    Object.entries(headers).flatMap(([name, value]) => [
      Buffer.from([0, name.length]),
      Buffer.from(name),
      Buffer.from([value.length]),
      Buffer.from(value),
    ]),
  );
}

it("a message in frames of one byte needs about its own size", async () => {
  const server = await startServer({ tokens: ["t1"] });
  const raw = await openRaw(server.grpc);
  const [host = "", port] = server.grpc.split(":");
  const socket = connectTcp(Number(port), host);
  onTestFinished(() => void socket.destroy());
  const headers = {
    ":method": "POST",
    ":scheme": "http",
    ":path": SEND,
    ":authority": "x",
    "content-type": "application/grpc",
    te: "trailers",
  };
  // Within the window of a stream, and never complete.
  const bytes = frameOf(Buffer.alloc(3 * MB)).subarray(0, 0.5 * MB);
  const frames = Buffer.concat([...bytes].map((byte) => http2Frame(DATA, 0, Buffer.from([byte]))));
  await raw.send(STATS, frameOf(new Uint8Array(0)));
  collectGarbage();
  const before = process.memoryUsage();
  socket.write(PREFACE);
  socket.write(EMPTY_SETTINGS);
  socket.write(http2Frame(HEADERS, END_HEADERS, headerBlock(headers)));
  // A PING after them: its answer shows that the server has read everything.
  const ping = http2Frame(PING, 0, Buffer.from("12345678"));
  ping.writeUInt32BE(0, 5);
  const answered = new Promise<void>((resolve) => {
    socket.on("data", (chunk: Buffer) => chunk.includes("12345678") && resolve());
  });
  socket.write(frames);
  socket.write(ping);
  await answered;
  // Garbage is collected over several turns.
  await vi.waitFor(() => {
    collectGarbage();
    const after = process.memoryUsage();
    const grownBytes = after.heapUsed - before.heapUsed + after.arrayBuffers - before.arrayBuffers;
    expect(grownBytes).toBeLessThan(10 * MB);
  });
});
