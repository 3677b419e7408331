// Sends of the TypeScript client while the server is unavailable.

import { connect, createServer, type Socket } from "node:net";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import type { DlqClient, SendResult } from "../../../clients/typescript/src/index.ts";
import { statsOf } from "../../support/grpc.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { clientOf, countingTransport, errorOf, stored } from "./client.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const error = new Error("it broke");
const LONG = { timeout: 300_000 };
/** Longer than a restart takes on a slow machine. */
const TIMEOUT_MS = 240_000;
const MOST_PENDING = 1_000;

/**
 * Sends at a steady rate until it is stopped. No more than `MOST_PENDING` sends are pending, however long the server takes
 * to start.
 */
function sendSteadily(dlq: DlqClient, queue: string, perMs: number) {
  const results: Promise<SendResult>[] = [];
  let pending = 0;
  const timer = setInterval(() => {
    for (let n = 0; n < perMs && pending < MOST_PENDING; n++) {
      pending++;
      results.push(dlq.send(queue, `m${results.length}`, error).finally(() => pending--));
    }
  }, 1);
  return {
    /** Ids of all that was sent. */
    async stop() {
      clearInterval(timer);
      return (await Promise.all(results)).map((result) => stored(result).id);
    },
  };
}

it.each([
  ["that is killed and restarted gets every message once", 1, () => server.kill9()],
  ["that restarts gets every message once", 5, () => server.terminate()],
])("a server %s", LONG, async (_, perMs, end) => {
  const queue = `restarted-${perMs}`;
  const dlq = clientOf(server, { timeoutMs: TIMEOUT_MS });
  const load = sendSteadily(dlq, queue, perMs);
  await dlq.send(queue, "the first", error);
  await end();
  await server.restart();
  await dlq.send(queue, "the last", error);
  const ids = await load.stop();
  expect(ids.length).toBeGreaterThan(10);
  expect(new Set(ids).size).toBe(ids.length);
  const { totals } = await statsOf(dlq.stubs, queue);
  expect(totals?.accepted).toBe(BigInt(ids.length + 2));
});

it("a connection that never answers is replaced", LONG, async () => {
  const { address, connections } = await firstSilent();
  const dlq = clientOf({ grpcAddress: address }, { timeoutMs: TIMEOUT_MS, tryTimeoutMs: 200 });
  expect((await dlq.send("silent", "x", error)).status).toBe("sent");
  expect(connections()).toBeGreaterThan(1);
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
  const again = dlq.send("unavailable", "again", error, { timeoutMs: TIMEOUT_MS });
  expect((await again).status).toBe("sent");
});
