// Attacks with complete but invalid calls: wrong contents, frames, compression and nesting.

import { gzipSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { SendToDlqRequestSchema } from "../../../gen/dlq/v1/dlq_service_pb.ts";
import { COMPRESSED, frameOf } from "../../../src/rpc/grpc/frames.ts";
import type { Attack } from "../attack.ts";
import {
  ACK,
  BATCH,
  call,
  check,
  endlessly,
  HEALTH,
  inParallel,
  openSession,
  SEND,
  STATS,
  STREAM,
} from "../calls.ts";

const MIB = 1024 * 1024;
/** Just below the limit of a request. */
const LARGE = 4 * MIB - 64;

interface Wrong {
  readonly path: string;
  readonly body: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Makes the calls in turn, several at a time. All must be refused with a gRPC or HTTP status. */
function refused(wrongs: () => readonly Wrong[], parallel: number): Attack["run"] {
  return async ({ target, over, count }) => {
    const session = openSession(target.grpc);
    over.addEventListener("abort", () => session.destroy());
    await inParallel(endlessly(wrongs()), parallel, over, async ({ path, body, headers }) => {
      const { httpStatus, grpcStatus } = await call(session, path, body, headers);
      if (over.aborted) return;
      const isRefused = grpcStatus > 0 || httpStatus >= 400;
      check(isRefused, `${path} ${JSON.stringify(headers)}: ${httpStatus} ${grpcStatus}`);
      count("calls");
    });
  };
}

const SEND_REQUEST = toBinary(
  SendToDlqRequestSchema,
  create(SendToDlqRequestSchema, {
    queue: "hostile",
    payload: { body: { case: "text", value: "x".repeat(1_000) } },
  }),
);
const WHOLE = frameOf(SEND_REQUEST);

function announced(bytes: number): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(bytes, 1);
  return Buffer.concat([prefix, Buffer.alloc(100)]);
}

function withFlags(flags: number): Buffer {
  return Buffer.concat([Buffer.from([flags]), WHOLE.subarray(1)]);
}

function field(number: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
}

const BAD_UTF8 = Buffer.from([0xc3, 0x28, 0xf0, 0x28, 0x8c, 0xbc, 0xed, 0xa0, 0x80, 0xff]);

const gzipped = { "grpc-encoding": "gzip" };

const MALFORMED: readonly Wrong[] = [
  { path: SEND, body: Buffer.alloc(0) },
  { path: SEND, body: WHOLE.subarray(0, 3) },
  { path: SEND, body: WHOLE.subarray(0, 500) },
  { path: SEND, body: Buffer.concat([WHOLE, WHOLE]) },
  { path: SEND, body: Buffer.concat([WHOLE, Buffer.from([0])]) },
  { path: SEND, body: announced(101) },
  { path: SEND, body: announced(4 * MIB + 1) },
  { path: SEND, body: announced(0xff_ff_ff_ff) },
  { path: SEND, body: withFlags(1) },
  { path: SEND, body: withFlags(2) },
  { path: SEND, body: withFlags(255) },
  { path: SEND, body: withFlags(1), headers: gzipped },
  {
    path: SEND,
    body: frameOf(gzipSync(SEND_REQUEST).subarray(0, 30), COMPRESSED),
    headers: gzipped,
  },
  { path: SEND, body: WHOLE, headers: { "grpc-encoding": "snappy" } },
  { path: SEND, body: WHOLE, headers: { "grpc-encoding": "br" } },
  { path: SEND, body: WHOLE, headers: { "grpc-timeout": "soon" } },
  { path: SEND, body: WHOLE, headers: { "content-type": "text/html" } },
  { path: SEND, body: WHOLE, headers: { "content-type": "application/grpc+json" } },
  { path: SEND, body: WHOLE, headers: { ":method": "GET" } },
  { path: SEND, body: WHOLE, headers: { ":method": "TRACE" } },
  { path: "/", body: WHOLE },
  { path: `/${"x".repeat(4_000)}`, body: WHOLE },
  { path: "/dlq.v1.DlqService/Purge", body: WHOLE },
  { path: "/__proto__/constructor", body: WHOLE },
  { path: SEND, body: frameOf(Buffer.from([0xff, 0xff, 0xff])) },
  { path: SEND, body: frameOf(field(2, BAD_UTF8)) },
  { path: STATS, body: frameOf(field(1, BAD_UTF8)) },
  { path: ACK, body: frameOf(field(2, field(1, BAD_UTF8))) },
  { path: HEALTH, body: frameOf(field(1, BAD_UTF8)) },
  { path: STREAM, body: frameOf(field(1, BAD_UTF8)) },
];

/** Repeats some bytes up to the largest allowed request. */
function filled(path: string, ...bytes: number[]): Wrong {
  return { path, body: frameOf(Buffer.alloc(LARGE - (LARGE % bytes.length), Buffer.from(bytes))) };
}

/** Each pair of bytes is a field: two million objects for one request. */
const crowded = (): Wrong[] => [
  filled(STATS, 0x78, 1), // an unknown field number
  filled(STATS, 0x0a, 0), // a queue without a name
  filled(ACK, 0x12, 0), // an outcome without content
  filled(BATCH, 0x0a, 0), // a send request without content
  filled(SEND, 0x22, 0), // an attribute without a key
  filled(STATS, 0x7b), // nested groups
  filled(STATS, 0x7b, 0x7c), // groups side by side
  filled(SEND, 0x2a, 0), // a failure that replaces the last one
];

/** @param bytes zeros, which gzip compresses to a thousandth */
function bomb(path: string, bytes: number): Wrong {
  return { path, body: frameOf(gzipSync(Buffer.alloc(bytes)), COMPRESSED), headers: gzipped };
}

const crowdedBombs = () =>
  crowded().map(({ path, body }) => ({
    path,
    body: frameOf(gzipSync(body.subarray(5)), COMPRESSED),
    headers: gzipped,
  }));

export const MESSAGE_ATTACKS: readonly Attack[] = [
  {
    name: "malformed-messages",
    what: "wrong prefixes, lengths, flags, encodings, types, paths, protobuf, UTF-8",
    memoryMiB: 0,
    why: "refused calls are not stored",
    atLeast: { calls: MALFORMED.length },
    run: refused(() => MALFORMED, 32),
  },
  {
    name: "crowded-protobuf",
    what: "4 MiB of two-byte fields, and groups within groups",
    memoryMiB: 4 * 8,
    why: "4 requests at a time, each at most twice its 4 MiB",
    atLeast: { calls: crowded().length },
    run: refused(crowded, 4),
  },
  {
    name: "gzip-bomb",
    what: "128 MiB of zeros in 128 KiB, 64 at a time",
    memoryMiB: 32,
    why: "inflated to 4 MiB at most, a few at a time, each with its compressed bytes",
    atLeast: { calls: 4 },
    run: refused(() => [bomb(SEND, 128 * MIB)], 64),
  },
  {
    name: "gzip-bomb-within-limits",
    what: "4 MiB in 4 KiB, 256 at a time, of zeros and of two-byte fields",
    memoryMiB: 64,
    why: "inflated a few at a time",
    atLeast: { calls: 10 },
    run: refused(() => [bomb(SEND, LARGE), bomb(ACK, LARGE), ...crowdedBombs()], 256),
  },
];
