// The form of a gRPC response on the wire, and that every response is counted.

import { Code } from "@connectrpc/connect";
import { describe, expect, it, vi } from "vitest";
import {
  DlqService,
  StatsResponseSchema,
  StreamDueRequestSchema,
} from "../../gen/dlq/v1/dlq_service_pb.ts";
import { opened } from "../rpc/scripted-dlq.ts";
import { CLIENTS, open, readAll } from "./clients.ts";
import { type Server, startServer } from "./listener.ts";
import { encode, frameOf, openRaw, SEND, STATS, STREAM, splitFrames } from "./raw.ts";

const EMPTY = frameOf(new Uint8Array(0));
const TYPE = /^application\/grpc(\+proto)?$/;

describe("a response", () => {
  it("of OK is headers, one message, and trailers", async () => {
    const server = await startServer();
    const call = (await openRaw(server.grpc)).call(STATS);
    call.stream.end(EMPTY);
    const { httpStatus, headers, trailers, body, rstCode } = await call.ended;
    expect({ httpStatus, rstCode }).toEqual({ httpStatus: 200, rstCode: 0 });
    expect(headers["content-type"]).toMatch(TYPE);
    expect(headers).not.toHaveProperty("grpc-status");
    expect(trailers).toMatchObject({ "grpc-status": "0" });
    expect(trailers).not.toHaveProperty("grpc-message");
    expect(splitFrames(body)).toHaveLength(1);
    expect(call.messages(StatsResponseSchema)).toHaveLength(1);
  });

  it("of an error has no message, but HTTP's status 200 and a status of gRPC", async () => {
    const server = await startServer();
    const outcome = await (await openRaw(server.grpc)).send(SEND, EMPTY);
    expect(outcome).toMatchObject({ httpStatus: 200, code: Code.InvalidArgument, rstCode: 0 });
    expect(outcome.headers["content-type"]).toMatch(TYPE);
    expect(outcome.body).toHaveLength(0);
    expect(outcome.details).toHaveLength(2);
  });

  it("of a stream without frames is headers and trailers", async () => {
    const server = await startServer();
    server.dlq.onStream = async function* () {};
    const request = encode(StreamDueRequestSchema, { queues: ["q"] });
    const outcome = await (await openRaw(server.grpc)).send(STREAM, request);
    expect(outcome).toMatchObject({ httpStatus: 200, code: 0 });
    expect(outcome.body).toHaveLength(0);
  });

  it("of an error after frames has its status in the trailers", async () => {
    const server = await startServer();
    server.dlq.onStream = async function* () {
      yield opened();
      throw new Error("a bug");
    };
    const request = encode(StreamDueRequestSchema, { queues: ["q"] });
    const outcome = await (await openRaw(server.grpc)).send(STREAM, request);
    expect(outcome.headers).not.toHaveProperty("grpc-status");
    expect(outcome.trailers).toMatchObject({ "grpc-status": String(Code.Internal) });
    expect(splitFrames(outcome.body)).toHaveLength(1);
  });
});

describe.for(CLIENTS)("$name", (client) => {
  it("is counted by method and code", async () => {
    const server = await startServer();
    const connection = open(client, server);
    await connection.unary(DlqService.method.stats, {});
    await connection.unary(DlqService.method.stats, {});
    await connection.unary(DlqService.method.sendToDlq, {});
    server.dlq.onStream = async function* () {
      yield opened();
    };
    await readAll(connection.stream(DlqService.method.streamDue, [{ queues: ["q"] }]));
    await vi.waitFor(async () =>
      expect(await countsOf(server)).toEqual({
        "dlq.v1.DlqService/Stats OK": 2,
        "dlq.v1.DlqService/SendToDlq INVALID_ARGUMENT": 1,
        "dlq.v1.DlqService/StreamDue OK": 1,
      }),
    );
  });
});

async function countsOf(server: Server): Promise<Record<string, number>> {
  const response = await fetch(`http://${server.http}/metrics`);
  const lines = (await response.text()).matchAll(
    /^dlq_rpc_duration_seconds_count\{method="(.*)",code="(.*)"\} (\d+)$/gm,
  );
  return Object.fromEntries(
    [...lines].map(([, method, code, count]) => [`${method} ${code}`, Number(count)]),
  );
}
