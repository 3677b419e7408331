// The parts of MongoDB's wire protocol that an error needs. A command on the collection `fail_11000` fails with that code, a
// write as a write error. All others succeed.

import { createServer } from "node:net";
import { listen } from "./tcp.mjs";

/** Code -> name and message of MongoDB. */
const ERRORS = {
  13: ["Unauthorized", 'not authorized on shop to execute command { find: "orders" }'],
  50: ["MaxTimeMSExpired", "operation exceeded time limit"],
  112: [
    "WriteConflict",
    "WriteConflict error: this operation conflicted with another operation. Please retry your operation or multi-document transaction.",
  ],
  121: ["DocumentValidationFailure", "Document failed validation"],
  8000: ["AtlasError", "bad auth : authentication failed"],
  11000: [
    "DuplicateKey",
    "E11000 duplicate key error collection: shop.orders index: _id_ dup key: { _id: 17 }",
  ],
};

const int32 = (n) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(n);
  return bytes;
};
const text = (value) =>
  Buffer.concat([int32(Buffer.byteLength(value) + 1), Buffer.from(`${value}\0`)]);

/** @returns {[number, Buffer]} type and bytes of a BSON value; integers are of 32 bits */
function value(it) {
  if (typeof it === "string") return [2, text(it)];
  if (typeof it === "boolean") return [8, Buffer.from([Number(it)])];
  if (typeof it === "number") return [16, int32(it)];
  return [Array.isArray(it) ? 4 : 3, bson(it)];
}

function bson(fields) {
  const parts = Object.entries(fields).flatMap(([name, it]) => {
    const [type, bytes] = value(it);
    return [Buffer.from([type]), Buffer.from(`${name}\0`), bytes];
  });
  const body = Buffer.concat([...parts, Buffer.of(0)]);
  return Buffer.concat([int32(body.length + 4), body]);
}

const HELLO = {
  ...{ ok: 1, helloOk: true, isWritablePrimary: true, ismaster: true, maxWireVersion: 25 },
  ...{ minWireVersion: 0, maxBsonObjectSize: 16777216, maxMessageSizeBytes: 48000000 },
  ...{ maxWriteBatchSize: 100000, readOnly: false },
};

function replyTo(request) {
  const code = Number(/fail_(\d+)/.exec(request)?.[1] ?? 0);
  if (!(code in ERRORS)) return /hello|ismaster/i.test(request) ? HELLO : { ok: 1, n: 1 };
  const [codeName, errmsg] = ERRORS[code];
  const isWrite = /insert|update/.test(request) && (code === 121 || code === 11000);
  if (isWrite) return { ok: 1, n: 0, writeErrors: [{ index: 0, code, errmsg }] };
  return { ok: 0, errmsg, code, codeName };
}

/** Older drivers greet with OP_QUERY; everything else is OP_MSG. */
function answer(socket, data) {
  const id = data.readInt32LE(4);
  const isQuery = data.readInt32LE(12) === 2004;
  const document = bson(replyTo(data.toString("latin1")));
  const body = isQuery
    ? Buffer.concat([int32(8), Buffer.alloc(8), int32(0), int32(1), document])
    : Buffer.concat([int32(0), Buffer.of(0), document]);
  socket.write(
    Buffer.concat([int32(body.length + 16), int32(1), int32(id), int32(isQuery ? 1 : 2013), body]),
  );
}

export const mongodb = () =>
  listen(
    createServer((socket) => {
      socket.on("error", () => {});
      socket.on("data", (data) => answer(socket, data));
    }),
  );
