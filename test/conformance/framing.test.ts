// Bodies that no client library writes. After each call the next one on the same connection is
// answered.

import { once } from "node:events";
import { constants } from "node:http2";
import { setImmediate as turn } from "node:timers/promises";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { describe, expect, it, onTestFinished } from "vitest";
import { SendToDlqRequestSchema } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { type Server, startServer, untilIdle } from "./listener.ts";
import { encode, frameOf, openRaw, type RawConnection, SEND, STATS } from "./raw.ts";

const EMPTY = frameOf(new Uint8Array(0));
const HEALTH = "/grpc.health.v1.Health/Check";
const MIB = 1024 * 1024;

function sendRequestOf(payloadBytes: number) {
  const value = new Uint8Array(payloadBytes);
  return { queue: "q", payload: { body: { case: "data" as const, value } } };
}
const REQUEST = encode(SendToDlqRequestSchema, sendRequestOf(100));

interface Case {
  server: Server;
  raw: RawConnection;
}

async function start(): Promise<Case> {
  const server = await startServer();
  const raw = await openRaw(server.grpc);
  return { server, raw };
}

async function expectAlive({ server, raw }: Case): Promise<void> {
  await untilIdle(server);
  expect(await raw.send(STATS, EMPTY)).toMatchObject({ code: 0 });
}

describe("a request", () => {
  it("may be an empty message", async () => {
    const { raw } = await start();
    expect(await raw.send(STATS, EMPTY)).toMatchObject({ code: 0 });
  });

  it("may come in DATA frames of one byte", async () => {
    const { server, raw } = await start();
    const call = raw.call(SEND);
    for (const byte of REQUEST) {
      call.stream.write(Buffer.from([byte]));
      await turn();
    }
    call.stream.end();
    expect(await call.ended).toMatchObject({ code: 0 });
    expect(server.dlq.sent).toHaveLength(1);
  });

  it("may come with empty DATA frames before its end", async () => {
    const { server, raw } = await start();
    const call = raw.call(SEND);
    call.stream.write(REQUEST);
    await turn();
    call.stream.end(Buffer.alloc(0));
    expect(await call.ended).toMatchObject({ code: 0 });
    expect(server.dlq.sent).toHaveLength(1);
  });

  it.for([
    ["two messages", [Code.Unimplemented, Code.Internal], Buffer.concat([REQUEST, REQUEST])],
    ["no message", [Code.Unimplemented, Code.Internal], Buffer.alloc(0)],
    ["half a prefix", [Code.InvalidArgument, Code.Internal], REQUEST.subarray(0, 3)],
    ["half a message", [Code.InvalidArgument, Code.Internal], REQUEST.subarray(0, 50)],
    [
      "bytes after the message",
      [Code.InvalidArgument, Code.Internal, Code.Unimplemented],
      Buffer.concat([REQUEST, Buffer.from([0, 0])]),
    ],
    ["flags that do not exist", [Code.InvalidArgument, Code.Internal], frameOf(REQUEST, 2)],
    ["bytes that are no message", [Code.InvalidArgument], frameOf(Buffer.from([255, 255]))],
  ] as const)("of %s is refused", async ([, codes, body]) => {
    const one = await start();
    const outcome = await one.raw.send(SEND, body);
    expect(outcome.httpStatus).toBe(200);
    expect(codes).toContain(outcome.code);
    expect(outcome.message).not.toBe("");
    expect(one.server.dlq.sent).toEqual([]);
    await expectAlive(one);
  });

  it("is answered when its client has half-closed, and not before", async () => {
    const one = await start();
    const call = one.raw.call(SEND);
    call.stream.write(REQUEST);
    for (let i = 0; i < 3; i++) await one.raw.send(HEALTH, EMPTY);
    expect(call.hasAnswer).toBe(false);
    call.stream.end();
    expect(await call.ended).toMatchObject({ code: 0 });
    await expectAlive(one);
  });

  it("that is reset in its middle leaves nothing behind", async () => {
    const one = await start();
    const call = one.raw.call(SEND);
    call.stream.write(REQUEST.subarray(0, 50));
    await one.raw.send(HEALTH, EMPTY);
    call.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    await call.ended;
    await expectAlive(one);
    expect(one.server.dlq.sent).toEqual([]);
  });
});

describe("a request above the limit", () => {
  it.for([
    ["one byte", encode(SendToDlqRequestSchema, sendRequestOf(4 * MIB))],
    ["several MiB", encode(SendToDlqRequestSchema, sendRequestOf(9 * MIB))],
  ] as const)("by %s is refused, and the connection lives on", async ([, body]) => {
    const one = await start();
    const outcome = await one.raw.send(SEND, body);
    expect(outcome.code).toBe(Code.ResourceExhausted);
    expect(outcome.details).toMatchObject([{ reason: "TOO_LARGE" }, { violations: [{}] }]);
    await expectAlive(one);
    expect(one.server.dlq.sent).toEqual([]);
  });

  it("is refused by its prefix alone", async () => {
    const one = await start();
    const call = one.raw.call(SEND);
    call.stream.write(Buffer.from([0, 255, 255, 255, 255]));
    const outcome = await call.ended;
    expect(outcome.code).toBe(Code.ResourceExhausted);
    call.stream.close(constants.NGHTTP2_CANCEL);
    await expectAlive(one);
  });

  it("leaves room on the connection, many times", async () => {
    const one = await start();
    // More than the window of the connection in total: refused bytes must be returned.
    const body = encode(SendToDlqRequestSchema, sendRequestOf(5 * MIB));
    for (let i = 0; i < 5; i++) {
      expect(await one.raw.send(SEND, body)).toMatchObject({ code: Code.ResourceExhausted });
    }
    const large = encode(SendToDlqRequestSchema, sendRequestOf(MIB - 1024));
    expect(await one.raw.send(SEND, large)).toMatchObject({ code: 0 });
    await expectAlive(one);
  });
});

describe("a client that continues sending after the response", () => {
  it("with 415 has its stream closed", async () => {
    const one = await start();
    const call = one.raw.call(SEND, { "content-type": "text/plain" });
    call.stream.write(Buffer.alloc(100_000));
    const closed = once(call.stream, "close");
    expect(await call.ended).toMatchObject({ httpStatus: 415 });
    await closed;
    await expectAlive(one);
  });

  it.for([
    ["UNIMPLEMENTED for its path", "/a/b", {}],
    ["UNIMPLEMENTED for its encoding", SEND, { "grpc-encoding": "snappy" }],
    ["a malformed timeout", SEND, { "grpc-timeout": "soon" }],
    ["RESOURCE_EXHAUSTED", SEND, {}],
  ] as const)("with %s has its stream closed", async ([, path, headers]) => {
    const one = await start();
    const call = one.raw.call(path, headers);
    call.stream.write(Buffer.from([0, 255, 0, 0, 0]));
    call.stream.write(Buffer.alloc(100_000));
    const closed = once(call.stream, "close");
    expect((await call.ended).code).toBeGreaterThan(0);
    await closed;
    await expectAlive(one);
  });
});

it("a message and its prefix may arrive separately", async () => {
  const { raw } = await start();
  const message = toBinary(
    SendToDlqRequestSchema,
    create(SendToDlqRequestSchema, sendRequestOf(10)),
  );
  const call = raw.call(SEND);
  call.stream.write(frameOf(message).subarray(0, 5));
  await raw.send(HEALTH, EMPTY);
  call.stream.end(message);
  expect(await call.ended).toMatchObject({ code: 0 });
});

describe("a request that is never complete", () => {
  it("is answered at its deadline while its client never half-closes", async () => {
    const one = await start();
    const call = one.raw.call(SEND, { "grpc-timeout": "100m" });
    onTestFinished(() => void call.stream.destroy());
    call.stream.write(REQUEST);
    expect(await call.ended).toMatchObject({ code: Code.DeadlineExceeded });
    expect(one.server.dlq.sent).toEqual([]);
    await expectAlive(one);
  });

  it("is answered at its deadline while its client sends nothing", async () => {
    const one = await start();
    const call = one.raw.call(SEND, { "grpc-timeout": "100m" });
    onTestFinished(() => void call.stream.destroy());
    expect(await call.ended).toMatchObject({ code: Code.DeadlineExceeded });
    await expectAlive(one);
  });
});
