// What a payload becomes.

import { Readable } from "node:stream";
import { expect, it } from "vitest";
import { payloadOf } from "../../../clients/typescript/src/payload.ts";

class Order {
  readonly #id = 42;
  get id(): number {
    return this.#id;
  }
}

const cycle: { self?: unknown } = {};
cycle.self = cycle;

const json = (value: unknown) => payloadOf(value, undefined).body.value;

it.each<[string, unknown, string]>([
  ["a Map", new Map([["id", 42]]), '{"id":42}'],
  ["an empty Map", new Map(), "{}"],
  ["a Set", new Set(["a"]), '["a"]'],
  ["a field that is a Map", { tags: new Map([["a", new Set([1])]]) }, '{"tags":{"a":[1]}}'],
  ["a BigInt", { id: 12345678901234567890n }, '{"id":"12345678901234567890"}'],
  [
    "an error",
    { cause: new RangeError("no stock") },
    '{"cause":{"name":"RangeError","message":"no stock"}}',
  ],
  [
    "an error with fields",
    Object.assign(new Error("no stock"), { code: "E_STOCK", left: new Map([["a", 0]]) }),
    '{"name":"Error","message":"no stock","code":"E_STOCK","left":{"a":0}}',
  ],
  ["an empty object", { meta: {} }, '{"meta":{}}'],
  ["an object of a class without fields, in a field", { order: new Order() }, '{"order":{}}'],
  ["undefined", undefined, "null"],
  ["a date", new Date(0), '"1970-01-01T00:00:00.000Z"'],
])("%s is JSON with its content", (_, value, expected) => {
  expect(json(value)).toBe(expected);
});

it("an ArrayBuffer is bytes", () => {
  const { buffer } = new Uint8Array([1, 2]);
  expect(payloadOf(buffer, undefined).body).toEqual({
    case: "data",
    value: new Uint8Array([1, 2]),
  });
});

it.each<[string, unknown, string]>([
  ["a promise", Promise.resolve(1), "the payload is a promise; await it"],
  [
    "a promise in a field",
    { order: Promise.resolve(1) },
    "the field order of the payload is a promise; await it",
  ],
  [
    "a promise with fields",
    { order: Object.assign(Promise.resolve(1), { id: 1 }) },
    "the field order of the payload is a promise",
  ],
  [
    "a stream in a field",
    { file: Readable.from(["x"]) },
    "the field file of the payload is a stream",
  ],
  [
    "an object literal that is a stream",
    { [Symbol.asyncIterator]: () => {} },
    "the payload is a stream",
  ],
  ["a stream", new ReadableStream(), "the payload is a stream; read it"],
  ["a Blob", new Blob(["x"]), "the payload is a Blob, which JSON cannot hold"],
  ["a generator", (function* () {})(), "which JSON cannot hold; send its content"],
  ["a function", () => 1, "the payload is a function"],
  ["an object of a class without fields", new Order(), "the payload is a Order"],
  ["a cycle", cycle, "Converting circular structure to JSON"],
])("%s is refused", (_, value, message) => {
  expect(() => json(value)).toThrow(message);
});
