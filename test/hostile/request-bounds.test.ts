// The limits for one request and for all unfinished requests together.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { create, fromBinary, toBinary, toJsonString } from "@bufbuild/protobuf";
import { describe, expect, it, vi } from "vitest";
import {
  AckRequestSchema,
  SendToDlqBatchRequestSchema,
  SendToDlqRequestSchema,
  StatsRequestSchema,
} from "../../gen/dlq/v1/dlq_service_pb.ts";
import { LIMITS } from "../../src/core/settings.ts";
import { CallMemory } from "../../src/rpc/call-memory.ts";
import { frameOf } from "../../src/rpc/grpc/frames.ts";
import { OnlyMessage } from "../../src/rpc/grpc/read-request.ts";
import { fieldExcess, jsonExcess } from "../../src/rpc/request-fields.ts";

const MIB = 1024 * 1024;

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

function filled(...bytes: number[]): Buffer {
  return Buffer.alloc(4 * MIB - ((4 * MIB) % bytes.length), Buffer.from(bytes));
}

/** Encodes a field of wire type 2. */
function field(number: number, bytes: Uint8Array): Buffer {
  const length = [];
  let rest = bytes.length;
  for (; rest >= 128; rest >>>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length, rest]), bytes]);
}

const LARGEST = create(SendToDlqBatchRequestSchema, {
  requests: Array.from({ length: LIMITS.batchRequests }, (_, at) => ({
    requestId: `request-${at}`,
    queue: "q",
    payload: { body: { case: "text" as const, value: "{}" }, contentType: "application/json" },
    attributes: Object.fromEntries(
      Array.from({ length: LIMITS.attributes }, (_, i) => [`key-${i}`, "value"]),
    ),
    failure: {
      type: "Boom",
      message: "it broke",
      stackTrace: "at x\n".repeat(200),
    },
    sourceId: "s",
    dedupKey: "d",
    orderingKey: "o",
    origin: { service: "a" },
    ttl: { seconds: 60n },
    maxRetries: 3,
    priority: 1,
  })),
});

describe("protobuf fields", () => {
  it.for([
    ["unknown numbers", StatsRequestSchema, filled(0x78, 1)],
    ["empty items", AckRequestSchema, filled(0x12, 0)],
    ["entries of a map", SendToDlqRequestSchema, filled(0x22, 0)],
    ["groups side by side", StatsRequestSchema, filled(0x7b, 0x7c)],
    ["items of a nested message", SendToDlqBatchRequestSchema, field(1, filled(0x22, 0))],
    ["unknown fields of an entry", SendToDlqRequestSchema, field(4, filled(0x78, 1))],
  ] as const)("%s are refused if there are too many", ([, desc, bytes]) => {
    expect(fieldExcess(desc, bytes)).toBe("more than 250000 fields");
  });

  it("of a large payload are few, whatever it contains", () => {
    const data = new Uint8Array(filled(0x78, 1));
    const sendRequest = { queue: "q", payload: { body: { case: "data" as const, value: data } } };
    const bytes = toBinary(SendToDlqRequestSchema, create(SendToDlqRequestSchema, sendRequest));
    expect(fieldExcess(SendToDlqRequestSchema, bytes)).toBeUndefined();
  });

  it("of the largest batch with all attributes are not too many", () => {
    const bytes = toBinary(SendToDlqBatchRequestSchema, LARGEST);
    expect(bytes.length).toBeGreaterThan(MIB);
    expect(bytes.length).toBeLessThan(LIMITS.batchBytes);
    expect(fieldExcess(SendToDlqBatchRequestSchema, bytes)).toBeUndefined();
    const json = Buffer.from(toJsonString(SendToDlqBatchRequestSchema, LARGEST));
    expect(json.length).toBeLessThan(LIMITS.batchBytes);
    expect(jsonExcess(json)).toBeUndefined();
  });

  it("are counted to the end of bytes with wrong lengths", () => {
    const lying = Buffer.concat([Buffer.from([0x12, 0xff, 0xff, 0xff, 0x7f]), filled(0x78, 1)]);
    expect(fieldExcess(AckRequestSchema, lying)).toBe("more than 250000 fields");
  });

  it("are left to the decoder if the bytes are not a message", () => {
    const broken = Buffer.concat([Buffer.from([0x0f]), filled(0x78, 1)]);
    expect(fieldExcess(AckRequestSchema, broken)).toBeUndefined();
    expect(() => fromBinary(AckRequestSchema, broken)).toThrow();
  });
});

describe("JSON values", () => {
  const repeat = (begin: string, item: string, end: string) =>
    Buffer.from(`${begin}${`${item},`.repeat(1_000_000)}${item}${end}`);

  it.for([
    ["empty objects", repeat('{"outcomes":[', "{}", "]}")],
    ["texts", repeat('{"queues":[', '""', "]}")],
    ["numbers", repeat("[", "1", "]")],
    ["keys", repeat("{", '"a":1', "}")],
  ] as const)("%s are refused if there are too many", ([, text]) => {
    expect(jsonExcess(text)).toBe("more than 90000 values");
  });

  it("are refused if nested too deep", () => {
    expect(jsonExcess(Buffer.from("[".repeat(200)))).toBe("more than 100 levels");
    expect(jsonExcess(Buffer.from('{"a":'.repeat(200)))).toBe("more than 100 levels");
    expect(jsonExcess(Buffer.from(`${"[".repeat(90)}${"]".repeat(90)}`))).toBeUndefined();
  });

  it("do not count inside strings", () => {
    const inner = JSON.stringify([[["\\", '"', "{,["]]]);
    const text = JSON.stringify({ payload: { text: inner.repeat(100_000) } });
    expect(text.length).toBeGreaterThan(2 * MIB);
    expect(jsonExcess(Buffer.from(text))).toBeUndefined();
  });
});

describe("the message of an unfinished call", () => {
  /** Pushes a frame as read from a socket: inside a piece of 64 KiB. */
  function pushed(frame: Buffer) {
    const read = Buffer.from(new ArrayBuffer(65_536));
    frame.copy(read);
    const message = new OnlyMessage(MIB);
    message.push(read.subarray(0, frame.length));
    message.compact();
    return { message, read: new WeakRef(read.buffer) };
  }
  const frame = frameOf(Buffer.alloc(1_000, 7));

  it.for([
    ["whole", frame],
    ["unfinished", frame.subarray(0, 500)],
    ["a prefix", frame.subarray(0, 5)],
    ["half a prefix", frame.subarray(0, 3)],
  ] as const)("%s keeps only its own bytes, and they are counted", async ([, part]) => {
    const { message, read } = pushed(part);
    await vi.waitFor(() => {
      collectGarbage();
      // A string, because an error about the bytes would keep them.
      expect(read.deref() === undefined ? "let go" : "kept").toBe("let go");
    });
    expect(message.keptBytes).toBeLessThanOrEqual(part.length);
    message.push(frame.subarray(part.length));
    expect(message.end().bytes).toEqual(Buffer.alloc(1_000, 7));
  });
});

describe("memory of unfinished requests", () => {
  function requests(memory: CallMemory, count: number) {
    const refused: number[] = [];
    const all = Array.from({ length: count }, (_, index) => ({
      abandon: () => {
        refused.push(index);
      },
    }));
    return {
      all,
      refused,
      hold: (index: number, bytes: number) => memory.hold(all[index] ?? never, bytes),
    };
  }
  const never = { abandon: () => {} };

  it("refuses the oldest requests until it is below its limit", () => {
    const memory = new CallMemory(100);
    const { hold, refused } = requests(memory, 4);
    hold(0, 40);
    hold(1, 40);
    hold(2, 20);
    expect(refused).toEqual([]);
    hold(3, 45);
    expect(refused).toEqual([0, 1]);
    expect(memory.bytes).toBe(65);
  });

  it("counts each request once, with its current size", () => {
    const memory = new CallMemory(100);
    const { hold, refused, all } = requests(memory, 2);
    for (let bytes = 1; bytes <= 90; bytes++) hold(0, bytes);
    expect(memory.bytes).toBe(90);
    memory.release(all[0] ?? never);
    memory.release(all[0] ?? never);
    expect(memory.bytes).toBe(0);
    hold(1, 100);
    expect(refused).toEqual([]);
  });

  it("refuses the newest request if it is too large by itself", () => {
    const memory = new CallMemory(100);
    const { hold, refused } = requests(memory, 1);
    hold(0, 101);
    expect(refused).toEqual([0]);
    expect(memory.bytes).toBe(0);
  });
});
