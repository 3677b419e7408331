// Something on the port of NATS that breaks its protocol, by mistake or on purpose.

import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { expect, test, vi } from "vitest";
import { createNatsPublisher } from "../../src/nats/nats-publisher.ts";
import { until } from "../support/until.ts";
import { optionsFor } from "./consumer.ts";

const infoOf = (padding = "") =>
  `INFO ${JSON.stringify({ version: "2.12.0", headers: true, max_payload: 1_048_576, padding })}`;

/** Calls `speak` with each connection, and what it has sent so far. */
async function startHostile(speak: (socket: Socket, received: string) => void) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("close", () => sockets.delete(socket)).on("error", () => {}));
    let received = "";
    speak(socket, received);
    socket.on("data", (data) => {
      received += data;
      speak(socket, received);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    untilClosed: () => until("the end of all connections", () => sockets.size === 0 || undefined),
    [Symbol.dispose]: () => void server.close(),
  };
}

/** Answers the first PING, and then calls `misbehave`. */
const misbehaving = (misbehave: (socket: Socket) => void) =>
  startHostile((socket, received) => {
    if (received === "") socket.write(`${infoOf()}\r\n`);
    if (!received.endsWith("PING\r\n") || received.indexOf("PING") !== received.length - 6) return;
    socket.write("PONG\r\n");
    misbehave(socket);
  });

test("an INFO that is too large with what follows it refuses the connection", async () => {
  const info = infoOf("x".repeat(65_500 - infoOf().length));
  using hostile = await startHostile((socket, received) => {
    if (received === "" && socket.bytesWritten === 0)
      socket.write(info, () => setTimeout(() => socket.write(`\r\n${"PING\r\n".repeat(20)}`), 50));
  });
  const publisher = createNatsPublisher(optionsFor(hostile.port, { timeoutMs: 1_000 }));
  await expect(publisher.check()).rejects.toThrow("it sends no INFO: is it NATS?");
  await hostile.untilClosed();
  await publisher.close();
});

const FORGED = 'zz\n{"level":"info","msg":"forged"}\n\u001b[31m\r\n';
test.each([
  ["text that is not of the protocol", FORGED, "it breaks the protocol of NATS"],
  ["a line without an end", `-ERR '${"x".repeat(5_000_000)}`, "it sends a line without an end"],
  [
    "more PINGs than it reads answers",
    "PING\r\n".repeat(50_000),
    "it sends PINGs faster than it reads the answers",
  ],
])("%s ends the connection, and prints nothing", async (_, text, why) => {
  const printed = vi.spyOn(console, "log").mockImplementation(() => {});
  using hostile = await misbehaving((socket) => socket.pause().write(text));
  const publisher = createNatsPublisher(optionsFor(hostile.port, { timeoutMs: 10_000 }));
  await expect(publisher.check()).rejects.toThrow(why);
  await publisher.close();
  expect(printed).not.toHaveBeenCalled();
  printed.mockRestore();
});

test("a password that is sent back is in no error", async () => {
  using hostile = await startHostile((socket, received) => {
    if (received === "") socket.write(`${infoOf()}\r\n`);
    const password = /"pass":"([^"]*)"/.exec(received)?.[1];
    if (password !== undefined)
      socket.write(`-ERR 'Authorization Violation \u001b[31m for ${password} {x'\r\n`);
  });
  const secrets = { user: "bob", password: "s3cret" };
  const publisher = createNatsPublisher(optionsFor(hostile.port, { secrets, timeoutMs: 10_000 }));
  await expect(publisher.check()).rejects.toThrow(
    String.raw`refuses the credentials: Authorization Violation \u001b[31m for *** …`,
  );
  await publisher.close();
});
