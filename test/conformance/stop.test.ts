// A stopping server does not wait for peers that do not close.

import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { startServer } from "./listener.ts";
import { frameOf, openRaw, STATS } from "./raw.ts";

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const EMPTY_SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);

/** Speaks HTTP/2, reads everything, and keeps its side of the connection open. */
async function connectStubborn(address: string): Promise<Socket> {
  const [host = "", port] = address.split(":");
  const socket = connectTcp({ port: Number(port), host, allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => {});
  socket.write(PREFACE);
  socket.write(EMPTY_SETTINGS);
  await once(socket, "data");
  socket.resume();
  return socket;
}

it("a peer that does not close its connection is cut off", async () => {
  const server = await startServer();
  const socket = await connectStubborn(server.grpc);
  const cut = new Promise((resolve) => socket.once("close", resolve));
  await server.listeners.close(20);
  // Its half is still open: the first write is refused, and the next one fails.
  const speaking = setInterval(() => socket.write("x"), 20);
  await cut;
  clearInterval(speaking);
});

it("a call that never ends is cut off with its connection", async () => {
  const server = await startServer();
  const raw = await openRaw(server.grpc);
  const call = raw.call(STATS);
  call.stream.write(frameOf(new Uint8Array(10)).subarray(0, 8));
  await raw.send("/grpc.health.v1.Health/Check", frameOf(new Uint8Array(0)));
  await server.listeners.close(20);
  expect((await call.ended).code).not.toBe(0);
});
