// Sends of the TypeScript client while the server is unavailable.

import { connect, createServer, type Socket } from "node:net";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { statsOf } from "../../support/grpc.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { clientOf, countingTransport, errorOf, stored } from "./client.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const error = new Error("it broke");
const LONG = { timeout: 90_000 };

it("a server that is killed and restarted gets every message once", LONG, async () => {
  const dlq = clientOf(server, { timeoutMs: 60_000 });
  const sends: Promise<unknown>[] = [];
  const send = () => void sends.push(dlq.send("killed", `m${sends.length}`, error));
  const timer = setInterval(send, 1);
  await dlq.send("killed", "the first", error);
  await server.kill9();
  send();
  await server.restart();
  await dlq.send("killed", "the last", error);
  clearInterval(timer);
  const results = await Promise.all(sends);
  const ids = results.map((result) => stored(result as never).id);
  expect(ids.length).toBeGreaterThan(10);
  expect(new Set(ids).size).toBe(ids.length);
  const { totals } = await statsOf(dlq.stubs, "killed");
  expect(totals?.accepted).toBe(BigInt(ids.length + 2));
});

it("a server that restarts gets every message once", LONG, async () => {
  const dlq = clientOf(server, { timeoutMs: 60_000 });
  const sends: Promise<unknown>[] = [];
  const timer = setInterval(() => {
    for (let at = 0; at < 5; at++) sends.push(dlq.send("restarted", `m${sends.length}`, error));
  }, 1);
  await dlq.send("restarted", "the first", error);
  await server.restart();
  await dlq.send("restarted", "the last", error);
  clearInterval(timer);
  const ids = (await Promise.all(sends)).map((result) => stored(result as never).id);
  expect(new Set(ids).size).toBe(ids.length);
  const { totals } = await statsOf(dlq.stubs, "restarted");
  expect(totals?.accepted).toBe(BigInt(ids.length + 2));
});

it("a connection that never answers is replaced", LONG, async () => {
  const { address, connections } = await firstSilent();
  const dlq = clientOf({ grpcAddress: address }, { timeoutMs: 60_000, tryTimeoutMs: 200 });
  expect((await dlq.send("silent", "x", error)).status).toBe("sent");
  expect(connections()).toBe(2);
});

/** A proxy to the server. It accepts the first connection and never answers on it. */
async function firstSilent(): Promise<{ address: string; connections(): number }> {
  let count = 0;
  const sockets = new Set<Socket>();
  const [host = "", port] = server.grpcAddress.split(":");
  const proxy = createServer((socket) => {
    sockets.add(socket.on("error", () => {}));
    if (++count === 1) return;
    const onward = connect(Number(port), host).on("error", () => {});
    socket.pipe(onward).pipe(socket);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  const bound = proxy.address();
  const address = `127.0.0.1:${typeof bound === "object" ? bound?.port : ""}`;
  return { address, connections: () => count };
}

it("while the server is unavailable, there is not a call for each send", LONG, async () => {
  await server.terminate();
  const { transport, calls } = countingTransport(server);
  const dlq = clientOf(server, { transport, timeoutMs: 1_000 });
  const sends = Array.from({ length: 500 }, (_, at) => dlq.send("unavailable", `m${at}`, error));
  for (const result of await Promise.all(sends)) {
    expect(errorOf(result).kind).toBe("deadline");
  }
  expect(calls.length).toBeLessThan(50); // five batches, some tries each
  await server.restart();
  expect((await dlq.send("unavailable", "again", error, { timeoutMs: 30_000 })).status).toBe(
    "sent",
  );
});
