// The checks before Connect's decoders on the HTTP port. Connect decodes the first message of a body before it checks the
// rest, and has no limit for fields.

import { gzipSync } from "node:zlib";
import { Code, ConnectError } from "@connectrpc/connect";
import type { UniversalServerRequest } from "@connectrpc/connect/protocol";
import { describe, expect, it } from "vitest";
import { DlqService } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { admit } from "../../src/rpc/admission.ts";
import { CallMemory } from "../../src/rpc/call-memory.ts";
import { COMPRESSED, frameOf } from "../../src/rpc/grpc/frames.ts";
import { READ_MAX_BYTES } from "../../src/rpc/methods.ts";
import { startServer } from "../conformance/listener.ts";
import { ACK, STATS } from "./calls.ts";

const MIB = 1024 * 1024;
/** Empty outcomes of an Ack, of two bytes each. */
const CROWDED = Buffer.alloc(READ_MAX_BYTES - 8, Buffer.from([0x12, 0]));
const ACKS = frameOf(CROWDED);
// With its first space it is also the start of an endless protobuf message.
const CROWDED_JSON = Buffer.from(`{ "outcomes":[${"{},".repeat(MIB)}{}]}`);
const EMPTY = frameOf(new Uint8Array(0));

const FRAMED = ["application/grpc-web+proto", "application/connect+proto", "application/grpc"];

/** Sends the body in pieces, as from a socket, and reads it like an Ack until its end or an error. */
async function admitted(type: string, body: Uint8Array, headers: Record<string, string> = {}) {
  const got: Uint8Array[] = [];
  const source = { read: 0 };
  const request = {
    header: new Headers({ "content-type": type, ...headers }),
    body: (async function* () {
      for (let at = 0; at < body.length; at += 65_536) {
        source.read = at + 65_536;
        yield body.subarray(at, at + 65_536);
      }
    })(),
  } as unknown as UniversalServerRequest;
  const connection = { destroy: () => {}, destroyed: false };
  const memory = new CallMemory(64 * MIB);
  const { body: out } = admit(request, connection, DlqService.method.ack, memory);
  try {
    for await (const chunk of out as AsyncIterable<Uint8Array>) got.push(chunk);
    return { bytes: Buffer.concat(got).length, code: 0, read: source.read };
  } catch (error) {
    const { code } = ConnectError.from(error);
    return { bytes: Buffer.concat(got).length, code, read: source.read };
  } finally {
    expect(memory.bytes).toBe(0);
  }
}

describe.for(FRAMED)("%s: a message with too many fields is not decoded", (type) => {
  const flagged = (flags: number) => Buffer.concat([Buffer.from([flags]), ACKS.subarray(1)]);
  const small = gzipSync(CROWDED);

  it.for([
    ["alone", ACKS, Code.ResourceExhausted],
    ["before one more byte", Buffer.concat([ACKS, Buffer.from([0])]), Code.InvalidArgument],
    ["before a second message", Buffer.concat([ACKS, EMPTY]), Code.Unimplemented],
    ["after an empty message", Buffer.concat([EMPTY, ACKS]), Code.Unimplemented],
    ["before more than the limit", Buffer.concat([ACKS, ACKS]), Code.ResourceExhausted],
    ["with unknown flags", flagged(4), Code.Internal],
    ["with end flags", flagged(130), Code.Internal],
    ["with the flag for compression", flagged(1), Code.Internal],
    ["compressed", frameOf(small, COMPRESSED), Code.ResourceExhausted, { "grpc-encoding": "gzip" }],
    [
      "compressed, before one more byte",
      Buffer.concat([frameOf(small, COMPRESSED), Buffer.from([0])]),
      Code.InvalidArgument,
      { "grpc-encoding": "gzip", "connect-content-encoding": "gzip" },
    ],
    [
      "with a declared length above the limit",
      Buffer.concat([ACKS, EMPTY]),
      Code.ResourceExhausted,
      { "content-length": String(READ_MAX_BYTES + 6) },
    ],
  ] as const)("%s", async ([, body, code, headers = {}]) => {
    expect(await admitted(type, body, headers)).toMatchObject({ bytes: 0, code });
  });

  it("a message with few fields is passed on unchanged", async () => {
    const whole = frameOf(Buffer.alloc(1_000, Buffer.from([0x12, 0])));
    expect(await admitted(type, whole)).toMatchObject({ code: 0, bytes: whole.length });
  });

  it("a message with a declared length above the limit is not read", async () => {
    const body = Buffer.alloc(READ_MAX_BYTES + 6);
    const { bytes, code, read } = await admitted(type, body, {
      "content-length": `${body.length}`,
    });
    expect({ bytes, code, read }).toEqual({ bytes: 0, code: Code.ResourceExhausted, read: 0 });
  });
});

it("a body in pieces of one byte is kept in one buffer, whose size is charged", async () => {
  const charged: number[] = [];
  const memory = new CallMemory(64 * MIB);
  const request = {
    header: new Headers({ "content-type": "application/proto" }),
    body: (async function* () {
      for (let at = 0; at < 1_000; at++) {
        yield new Uint8Array([1]);
        charged.push(memory.bytes);
      }
    })(),
  } as unknown as UniversalServerRequest;
  const connection = { destroy: () => {}, destroyed: false };
  const { body } = admit(request, connection, DlqService.method.stats, memory);
  const out = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  expect((await out.next()).value).toEqual(Buffer.alloc(1_000, 1));
  // Grown by doubling: a few sizes, at most twice the bytes.
  expect(new Set(charged).size).toBeLessThan(12);
  expect(charged.every((bytes, at) => bytes > at && bytes <= 2 * (at + 1))).toBe(true);
});

it.for(["application/json", "application/JSON", "Application/Json; charset=utf-8"])(
  "%s is counted as JSON",
  async (type) => {
    const refused = { bytes: 0, code: Code.ResourceExhausted };
    expect(await admitted(type, CROWDED_JSON)).toMatchObject(refused);
  },
);

it.for(["application/connect+JSON", "application/grpc-web+Json", "APPLICATION/GRPC+JSON"])(
  "%s is counted as JSON",
  async (type) => {
    const refused = { bytes: 0, code: Code.ResourceExhausted };
    expect(await admitted(type, frameOf(CROWDED_JSON))).toMatchObject(refused);
  },
);

describe("over a socket", () => {
  const post = async (address: string, path: string, type: string, body: Buffer) =>
    fetch(`http://${address}${path}`, {
      method: "POST",
      headers: { "content-type": type },
      body: new Uint8Array(body),
    });

  /** Returns the status of gRPC-Web trailers. */
  const statusOf = (text: string) => Number(/grpc-status: ?(\d+)/.exec(text)?.[1]);

  it.for([
    ["too many fields", ACK, ACKS, Code.ResourceExhausted],
    ["one byte too many", ACK, Buffer.concat([ACKS, Buffer.from([0])]), Code.InvalidArgument],
    ["two messages", STATS, Buffer.concat([EMPTY, EMPTY]), Code.Unimplemented],
    ["no message", STATS, Buffer.alloc(0), Code.Unimplemented],
    ["one message", STATS, EMPTY, 0],
  ] as const)("gRPC-Web of %s is answered", async ([, path, body, code]) => {
    const { http } = await startServer();
    const response = await post(http, path, "application/grpc-web+proto", body);
    expect(statusOf(await response.text())).toBe(code);
  });

  it("JSON is recognized by any spelling of its type, and an invalid type is not decoded", async () => {
    const { http } = await startServer();
    const codes = async (type: string) => [
      (await post(http, ACK, type, CROWDED_JSON)).status,
      (await post(http, STATS, type, Buffer.from("{}"))).status,
    ];
    expect(await codes("application/JSON")).toEqual([429, 200]);
    expect(await codes("application/connectjson")).toEqual([415, 415]);
    expect(await codes("application/json; a=b")).toEqual([415, 415]);
  });
});
