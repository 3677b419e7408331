// Arbitrary messages of any schema, with values at and beyond limits.

import {
  create,
  type DescField,
  type DescMessage,
  type Message,
  ScalarType,
} from "@bufbuild/protobuf";
import fc from "fast-check";
import { expression, patch } from "./languages.ts";

const DEPTH = 5;

const queueName = fc.constantFrom("a", "b", "c.d", "full", "", "no name", "x".repeat(129));

const text = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "",
      "a",
      "__proto__",
      "constructor",
      "\u0000",
      "\u202e",
      "../..",
      "%00",
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom("a", "é", "💥", "9", '"'), fc.constantFrom(128, 1_024, 70_000))
      .map(([c, n]) => c.repeat(n)),
  },
  { weight: 2, arbitrary: fc.json({ maxDepth: 4 }) },
);

/** Fields whose text has a form of its own: other texts would be refused at once. */
const BY_NAME: Readonly<Record<string, fc.Arbitrary<string>>> = {
  queue: queueName,
  queues: queueName,
  name: queueName,
  when: expression,
  json_patch: patch,
  merge_patch: fc.json({ maxDepth: 4 }),
  text: fc.oneof(fc.json({ maxDepth: 5 }), text),
};

const int32 = fc.oneof(fc.integer({ min: -3, max: 70 }), fc.constantFrom(0x7fffffff, -0x80000000));
const uint32 = fc.oneof(fc.nat({ max: 70 }), fc.constantFrom(1_001, 0xffffffff));
const int64 = fc.oneof(
  fc.bigInt({ min: -3n, max: 70n }),
  fc.constantFrom(2n ** 63n - 1n, -(2n ** 63n)),
);
const uint64 = fc.oneof(
  fc.bigInt({ min: 0n, max: 70n }),
  fc.constantFrom(2n ** 64n - 1n, 2n ** 53n),
);
const double = fc.oneof(
  fc.double(),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -0, 1e308),
);
const bytes = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constant(new Uint8Array(70_000)));

function scalar(type: ScalarType, name: string): fc.Arbitrary<unknown> {
  switch (type) {
    case ScalarType.STRING:
      return BY_NAME[name] ?? text;
    case ScalarType.BYTES:
      return bytes;
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return type === ScalarType.FLOAT ? fc.float() : double;
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return int64;
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return uint64;
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return uint32;
    default:
      return int32;
  }
}

function single(field: DescField, depth: number): fc.Arbitrary<unknown> {
  if (field.message !== undefined) return messageOf(field.message, depth + 1);
  if (field.enum !== undefined) {
    return fc.constantFrom(...field.enum.values.map(({ number }) => number), 999, -1);
  }
  return scalar(field.scalar ?? ScalarType.STRING, field.name);
}

function fieldValue(field: DescField, depth: number): fc.Arbitrary<unknown> {
  if (field.fieldKind === "list") return fc.array(single(field, depth), { maxLength: 3 });
  if (field.fieldKind === "map") {
    return fc.dictionary(text, single(field, depth), { maxKeys: 3 });
  }
  return single(field, depth);
}

/** A message with some of its fields. */
export function messageOf(desc: DescMessage, depth = 0): fc.Arbitrary<Message> {
  const fields = desc.fields.filter((field) => depth < DEPTH || field.message === undefined);
  return fc
    .subarray(fields, { maxLength: Math.min(8, fields.length) })
    .chain((some) =>
      fc.tuple(...some.map((field) => fieldValue(field, depth).map((value) => ({ field, value })))),
    )
    .map((set) => {
      const init: Record<string, unknown> = {};
      for (const { field, value } of set) {
        if (field.oneof !== undefined) {
          init[field.oneof.localName] = { case: field.localName, value };
        } else init[field.localName] = value;
      }
      return create(desc, init);
    });
}
