// An untrusted client that holds all connections it can get, beside probes and workers.

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { expect, it, onTestFinished, vi } from "vitest";
import { DlqService } from "../../gen/dlq/v1/dlq_service_pb.ts";
import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from "../../gen/health/v1/health_pb.ts";
import type { ListenersConfig } from "../../src/rpc/listeners.ts";
import { startServer } from "../conformance/listener.ts";
import { openRaw } from "../conformance/raw.ts";
import { STATS } from "./calls.ts";

const SLOTS = 32;
const TOKEN = { headers: { authorization: "Bearer t1" } };

const start = (config: Partial<ListenersConfig> = {}) =>
  startServer({ tokens: ["t1"], config: { maxConnections: SLOTS, ...config } });

/** Opens connections one after another. Each is open before the next. */
async function hold(count: number, open: () => Socket, event = "connect"): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (let at = 0; at < count; at++) {
    const socket = open();
    socket.on("error", () => {});
    onTestFinished(() => void socket.destroy());
    await Promise.race([once(socket, event), once(socket, "close")]);
    socket.resume();
    sockets.push(socket);
  }
  return sockets;
}

const plainTo = (address: string) => () => connect(Number(address.split(":")[1]), "127.0.0.1");

/** A worker with an open stream. Its connection is the same until the stream ends. */
async function startWorker(client: Client<typeof DlqService>) {
  const worker = { isOver: false };
  const stream = client.streamDue({ queues: ["q"] }, TOKEN)[Symbol.asyncIterator]();
  await stream.next();
  const end = () => {
    worker.isOver = true;
  };
  stream.next().then(end, end);
  return worker;
}

it("on the gRPC port, a probe and a worker get in, and workers stay", async () => {
  const server = await start();
  const transport = () => createGrpcTransport({ baseUrl: `http://${server.grpc}` });
  const early = await startWorker(createClient(DlqService, transport()));
  await hold(3 * SLOTS, plainTo(server.grpc));
  const { status } = await createClient(Health, transport()).check({});
  expect(status).toBe(Status.SERVING);
  const late = await startWorker(createClient(DlqService, transport()));
  const held = await hold(3 * SLOTS, plainTo(server.grpc));
  await vi.waitFor(
    () => expect(held.filter(({ closed }) => !closed).length).toBe(SLOTS - 2),
    10_000,
  );
  expect([early, late]).toEqual([{ isOver: false }, { isOver: false }]);
});

it("with TLS, the connection of a worker stays", async () => {
  const file = (name: string) => readFileSync(new URL(`../rpc/tls/${name}`, import.meta.url));
  const server = await start({ tls: { cert: file("test-only.crt"), key: file("test-only.key") } });
  const nodeOptions = { rejectUnauthorized: false };
  const transport = createGrpcTransport({ baseUrl: `https://${server.grpc}`, nodeOptions });
  const worker = await startWorker(createClient(DlqService, transport));
  const port = Number(server.grpc.split(":")[1]);
  const open = () => connectTls({ port, ALPNProtocols: ["h2"], ...nodeOptions });
  const held = await hold(2 * SLOTS, open, "secureConnect");
  await vi.waitFor(
    () => expect(held.filter(({ closed }) => !closed).length).toBe(SLOTS - 1),
    10_000,
  );
  expect(worker).toEqual({ isOver: false });
});

it("on the HTTP port, a probe and a client get in", async () => {
  const server = await start();
  await hold(3 * SLOTS, plainTo(server.http));
  const probe = await fetch(`http://${server.http}/livez`, { headers: { connection: "close" } });
  expect(probe.status).toBe(200);
  const baseUrl = `http://${server.http}`;
  const transport = createConnectTransport({ baseUrl, httpVersion: "1.1" });
  await startWorker(createClient(DlqService, transport));
});

it.for(["grpc", "http"] as const)(
  "on the %s port, the oldest without a token is closed first",
  async (port) => {
    const server = await start();
    const held = await hold(2 * SLOTS, plainTo(server[port]));
    const oldest = held.map((_, at) => at < SLOTS);
    await vi.waitFor(() => expect(held.map(({ closed }) => closed)).toEqual(oldest), 10_000);
  },
);

it("a health check makes a connection the newest", async () => {
  const server = await start();
  const [first] = await hold(1, plainTo(server.http));
  await hold(SLOTS - 1, plainTo(server.http));
  first?.write("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await once(first as Socket, "data");
  await hold(SLOTS - 1, plainTo(server.http));
  first?.write("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await once(first as Socket, "data");
});

it("another address loses no connection to one that holds many", async () => {
  const server = await start();
  const port = Number(server.grpc.split(":")[1]);
  const [other] = await hold(1, () =>
    connect({ port, host: "127.0.0.1", localAddress: "127.0.0.2" }),
  );
  const held = await hold(2 * SLOTS, plainTo(server.grpc));
  await vi.waitFor(
    () => expect(held.filter(({ closed }) => !closed).length).toBe(SLOTS - 1),
    10_000,
  );
  expect(other?.closed).toBe(false);
});

it("if all connections have made calls with a token, further ones are closed", async () => {
  const server = await start({ maxConnections: 2 });
  const proven = [await openRaw(server.grpc), await openRaw(server.grpc)];
  for (const one of proven) {
    expect((await one.send(STATS, Buffer.alloc(5), TOKEN.headers)).code).toBe(0);
  }
  const [next] = await hold(1, plainTo(server.grpc));
  await vi.waitFor(() => expect(next?.closed).toBe(true), 10_000);
  expect(proven.map(({ session }) => session.closed)).toEqual([false, false]);
});

it.for(["grpc", "http"] as const)(
  "on the %s port, a connection whose token is revoked has to make a call with another one",
  async (port) => {
    const server = await startServer({ tokens: ["t1", "t2"], config: { maxConnections: 2 } });
    const [first, second] = await Promise.all([openConnection(), openConnection()]);
    for (const one of [first, second]) await one.callWith("t1");
    server.credentials.replace([{ name: undefined, secret: { text: "t2" } }]);
    await first.callWith("t2");
    const [next] = await hold(1, plainTo(server[port]));
    await vi.waitFor(() => expect(second.isClosed()).toBe(true), 10_000);
    expect([first.isClosed(), next?.closed]).toEqual([false, false]);
    await first.callWith("t2");

    async function openConnection() {
      if (port === "grpc") {
        const raw = await openRaw(server.grpc);
        const callWith = async (token: string) => {
          const headers = { authorization: `Bearer ${token}` };
          expect((await raw.send(STATS, Buffer.alloc(5), headers)).code).toBe(0);
        };
        return { callWith, isClosed: () => raw.session.closed };
      }
      const [socket] = (await hold(1, plainTo(server.http))) as [Socket];
      const callWith = async (token: string) => {
        const answer = once(socket, "data");
        socket.write(
          `POST ${STATS} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`,
        );
        expect(String(await answer)).toContain("HTTP/1.1 200");
      };
      return { callWith, isClosed: () => socket.closed };
    }
  },
);
