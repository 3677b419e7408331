import { gunzipSync, gzipSync } from "node:zlib";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import {
  DlqService,
  SendToDlqRequestSchema,
  StatsResponseSchema,
} from "../../gen/dlq/v1/dlq_service_pb.ts";
import { CLIENTS, open } from "./clients.ts";
import { type Server, startServer } from "./listener.ts";
import { frameOf, openRaw, SEND, STATS, splitFrames } from "./raw.ts";

const { sendToDlq } = DlqService.method;
const MIB = 1024 * 1024;
const EMPTY = frameOf(new Uint8Array(0));

const sendRequest = {
  queue: "compressed",
  payload: { body: { case: "text" as const, value: "x".repeat(10_000) } },
};
const REQUEST = toBinary(SendToDlqRequestSchema, create(SendToDlqRequestSchema, sendRequest));

/** After any error the next call on the connection is answered. */
async function expectAlive(raw: Awaited<ReturnType<typeof openRaw>>): Promise<void> {
  expect(await raw.send(STATS, EMPTY)).toMatchObject({ code: 0 });
}

describe.for(CLIENTS)("$name", (client) => {
  it("may compress its requests", async () => {
    const server = await startServer();
    const connection = open(client, server, { gzip: true });
    expect(await connection.unary(sendToDlq, sendRequest)).toMatchObject({ code: 0 });
    expect(server.dlq.sent).toMatchObject([{ queue: "compressed" }]);
  });

  it("reads compressed replies if configured", async () => {
    const server = await startServer({ config: { compressMinBytes: 1 } });
    const answer = await open(client, server).unary(DlqService.method.stats, {});
    expect(answer).toMatchObject({ code: 0, response: { queues: [] } });
  });
});

describe("requests", () => {
  it.for([
    ["gzip", gzipSync(REQUEST), 1],
    ["gzip, but not this message", REQUEST, 0],
    ["identity", REQUEST, 0],
  ] as const)("of %s are read", async ([encoding, message, flags]) => {
    const server = await startServer();
    const headers = { "grpc-encoding": encoding.split(",")[0] };
    const outcome = await (await openRaw(server.grpc)).send(SEND, frameOf(message, flags), headers);
    expect(outcome.code).toBe(0);
    expect(server.dlq.sent).toMatchObject([{ queue: "compressed" }]);
  });

  it("of an unknown encoding are UNIMPLEMENTED, with the supported ones", async () => {
    const server = await startServer();
    const raw = await openRaw(server.grpc);
    const outcome = await raw.send(SEND, frameOf(REQUEST, 1), { "grpc-encoding": "snappy" });
    expect(outcome.code).toBe(Code.Unimplemented);
    expect(outcome.message).toContain("snappy");
    const accepts = { ...outcome.headers, ...outcome.trailers }["grpc-accept-encoding"];
    expect(String(accepts).split(",")).toContain("gzip");
    expect(server.dlq.sent).toEqual([]);
    await expectAlive(raw);
  });

  it.for([
    ["without an encoding", {}],
    ["of identity", { "grpc-encoding": "identity" }],
  ] as const)("with the compressed flag %s are INTERNAL", async ([, headers]) => {
    const server = await startServer();
    const raw = await openRaw(server.grpc);
    const outcome = await raw.send(SEND, frameOf(gzipSync(REQUEST), 1), headers);
    expect(outcome.code).toBe(Code.Internal);
    expect(server.dlq.sent).toEqual([]);
    await expectAlive(raw);
  });

  it.for([
    ["is no gzip", Buffer.from("no gzip at all")],
    ["is cut off", gzipSync(REQUEST).subarray(0, 30)],
  ] as const)("whose gzip %s are refused as the sender's mistake", async ([, message]) => {
    const server = await startServer();
    const raw = await openRaw(server.grpc);
    const outcome = await raw.send(SEND, frameOf(message, 1), { "grpc-encoding": "gzip" });
    expect([Code.InvalidArgument, Code.Internal]).toContain(outcome.code);
    expect(server.dlq.sent).toEqual([]);
    await expectAlive(raw);
  });

  it("that inflate beyond the limit are RESOURCE_EXHAUSTED, without being inflated", async () => {
    const server = await startServer();
    const raw = await openRaw(server.grpc);
    const bomb = frameOf(gzipSync(Buffer.alloc(128 * MIB), { level: 1 }), 1);
    const before = process.memoryUsage();
    let peakBytes = 0;
    const watch = setInterval(() => {
      const now = process.memoryUsage();
      peakBytes = Math.max(peakBytes, now.external - before.external);
    }, 2);
    const outcome = await raw.send(SEND, bomb, { "grpc-encoding": "gzip" });
    clearInterval(watch);
    expect(outcome.code).toBe(Code.ResourceExhausted);
    expect(outcome.details).toMatchObject([{ reason: "TOO_LARGE" }, { violations: [{}] }]);
    expect(peakBytes).toBeLessThan(32 * MIB);
    await expectAlive(raw);
  });
});

describe("replies", () => {
  const accepting = { "grpc-accept-encoding": "identity, gzip" };

  async function statsOf(server: Server, headers: Record<string, string>) {
    server.dlq.onStats = async () => ({ nowMs: 1_700_000_000_000, queues: [] });
    const outcome = await (await openRaw(server.grpc)).send(STATS, EMPTY, headers);
    expect(outcome.code).toBe(0);
    const [frame] = splitFrames(outcome.body);
    if (frame === undefined) throw new Error("no message");
    const isCompressed = frame.flags === 1;
    const message = isCompressed ? gunzipSync(frame.data) : frame.data;
    expect(fromBinary(StatsResponseSchema, message).storeTime?.seconds).toBe(1_700_000_000n);
    return { isCompressed, encoding: outcome.headers["grpc-encoding"] };
  }

  it("are not compressed by default", async () => {
    const { isCompressed } = await statsOf(await startServer(), accepting);
    expect(isCompressed).toBe(false);
  });

  it("are compressed from the configured size on", async () => {
    const small = await startServer({ config: { compressMinBytes: 1 } });
    expect(await statsOf(small, accepting)).toEqual({ isCompressed: true, encoding: "gzip" });
    const large = await startServer({ config: { compressMinBytes: 10_000 } });
    expect(await statsOf(large, accepting)).toMatchObject({ isCompressed: false });
  });

  it.for([
    ["nothing", {}],
    ["identity", { "grpc-accept-encoding": "identity" }],
    ["what the server does not know", { "grpc-accept-encoding": "snappy,zstd" }],
  ] as const)("are not compressed for a client that accepts %s", async ([, headers]) => {
    const server = await startServer({ config: { compressMinBytes: 1 } });
    expect(await statsOf(server, headers)).toMatchObject({ isCompressed: false });
  });
});
