// An untrusted client that holds all streams of Health.Watch it can get, beside a probe of another address.

import { connect } from "node:net";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { expect, it, onTestFinished } from "vitest";
import { Health } from "../../gen/health/v1/health_pb.ts";
import { type Server, startServer } from "../conformance/listener.ts";
import { errorOf } from "../rpc/in-memory.ts";

/** Streams of all callers without a token, and of one connection. */
const LIMIT = 1_024;
const OF_CONNECTION = 4;

/** Returns a transport with connections of its own. */
function transportFrom(localAddress: string, { grpc, http }: Server, port: "grpc" | "http") {
  if (port === "http") {
    const nodeOptions = { localAddress };
    return createConnectTransport({ baseUrl: `http://${http}`, httpVersion: "1.1", nodeOptions });
  }
  const [host, number] = grpc.split(":");
  const createConnection = () => connect({ host, port: Number(number), localAddress });
  return createGrpcTransport({ baseUrl: `http://${grpc}`, nodeOptions: { createConnection } });
}

it.for(["grpc", "http"] as const)(
  "on the %s port, another address loses no stream to one that holds many",
  async (port) => {
    const server = await startServer({ tokens: ["t1"] });
    const controller = new AbortController();
    onTestFinished(() => controller.abort());
    const { signal } = controller;
    const open = async (address: string, count: number) => {
      const health = createClient(Health, transportFrom(address, server, port));
      const streams = Array.from({ length: count }, () =>
        health.watch({}, { signal })[Symbol.asyncIterator](),
      );
      await Promise.all(streams.map((stream) => stream.next()));
      return streams;
    };
    const [probe] = await open("127.0.0.2", 1);
    const [first] = await open("127.0.0.1", OF_CONNECTION);
    for (let count = OF_CONNECTION; count < LIMIT; count += OF_CONNECTION) {
      await open("127.0.0.1", OF_CONNECTION);
    }
    if (probe === undefined || first === undefined) throw new Error("no stream is open");
    expect((await errorOf(first.next())).message).toContain("1024 streams of Health.Watch");
    server.readiness.set("NOT_SERVING");
    expect((await probe.next()).done).toBe(false);
  },
);
