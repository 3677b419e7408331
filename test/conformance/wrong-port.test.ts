// The error for a client on the wrong port.

import { once } from "node:events";
import { type IncomingMessage, request as requestHttp } from "node:http";
import { connect as connectTcp } from "node:net";
import { buffer, text } from "node:stream/consumers";
import { Code, createClient } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcWebTransport,
  Http2SessionManager,
} from "@connectrpc/connect-node";
import { describe, expect, it, onTestFinished } from "vitest";
import { DlqService } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { errorOf } from "../rpc/in-memory.ts";
import { GRPC_CLIENTS, HTTP_CLIENTS } from "./clients.ts";
import { connectRpc } from "./connect-client.ts";
import { startServer } from "./listener.ts";
import { frameOf, openRaw, STATS, splitFrames } from "./raw.ts";

const { stats } = DlqService.method;

describe("the HTTP port", () => {
  it.for(GRPC_CLIENTS)("cannot be reached by $name: it does not support HTTP/2", async (client) => {
    const server = await startServer();
    const connection = client.open(server.http);
    // Connect's connection is already closed, and reports that as an error.
    if (client !== connectRpc.grpc) onTestFinished(() => connection.close());
    const outcome = await connection.unary(stats, {}, { timeoutMs: 2_000 });
    expect([Code.Unavailable, Code.Internal]).toContain(outcome.code);
    expect(server.dlq.statsOf).toEqual([]);
  });

  it("answers gRPC over HTTP/1.1, by trailers of HTTP/1.1", async () => {
    const server = await startServer();
    const request = requestHttp(`http://${server.http}${STATS}`, {
      method: "POST",
      headers: { "content-type": "application/grpc", te: "trailers" },
    });
    request.end(frameOf(new Uint8Array(0)));
    const [response] = (await once(request, "response")) as [IncomingMessage];
    expect(splitFrames(await buffer(response))).toHaveLength(1);
    expect(response).toMatchObject({ statusCode: 200, trailers: { "grpc-status": "0" } });
  });
});

describe("the gRPC port", () => {
  it.for(HTTP_CLIENTS)("cannot be reached by $name with HTTP/1.1", async (client) => {
    const server = await startServer();
    const connection = client.open(server.grpc);
    onTestFinished(() => connection.close());
    const outcome = await connection.unary(stats, {}, { timeoutMs: 2_000 });
    expect(outcome.code).not.toBe(0);
    expect(server.dlq.statsOf).toEqual([]);
  });

  it.for([
    ["gRPC-Web", createGrpcWebTransport],
    ["Connect", createConnectTransport],
  ] as const)("says 415 to %s over HTTP/2", async ([, createTransport]) => {
    const server = await startServer();
    const baseUrl = `http://${server.grpc}`;
    const sessionManager = new Http2SessionManager(baseUrl);
    onTestFinished(() => sessionManager.abort());
    const transport = createTransport({ baseUrl, httpVersion: "2", sessionManager });
    const error = await errorOf(createClient(DlqService, transport).stats({}));
    expect(error.message).toContain("415");
    expect(server.dlq.statsOf).toEqual([]);
  });

  it.for(["application/json", "application/proto", "application/grpc-web+proto"])(
    "says 415 to content-type: %s",
    async (type) => {
      const server = await startServer();
      const raw = await openRaw(server.grpc);
      const outcome = await raw.send(STATS, Buffer.from("{}"), { "content-type": type });
      expect(outcome.httpStatus).toBe(415);
      expect(server.dlq.statsOf).toEqual([]);
    },
  );

  it("closes a connection without HTTP/2, and serves the others", async () => {
    const server = await startServer();
    const raw = await openRaw(server.grpc);
    const [host = "", port] = server.grpc.split(":");
    const socket = connectTcp(Number(port), host);
    socket.on("error", () => {});
    socket.write("GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n");
    await text(socket);
    expect(await raw.send(STATS, frameOf(new Uint8Array(0)))).toMatchObject({ code: 0 });
  });
});
