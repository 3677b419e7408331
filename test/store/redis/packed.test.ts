import { expect, test } from "vitest";
import {
  bytes,
  double,
  flag,
  i8,
  i32,
  layout,
  long,
  medium,
  ms,
  pack,
  short,
  u8,
  u16,
  u24,
  u32,
  u64,
} from "../../../src/store/redis/packed/layout.ts";
import { Reader } from "../../../src/store/redis/packed/reader.ts";
import { useTestStore } from "../../support/store.ts";

const at = useTestStore();

const ALL = layout({
  ...{ u8, u16, u24, u32, ms, u64, double, i8, i32, flag, bytes: bytes(4), short, medium, long },
});
const text = (value: string) => Uint8Array.from(Buffer.from(value));
const VALUES = {
  ...{ u8: 255, u16: 65_535, u24: 2 ** 24 - 1, u32: 2 ** 32 - 1, ms: 2 ** 48 - 1 },
  ...{ u64: Number.MAX_SAFE_INTEGER, double: -0.1, i8: -100, i32: -2_000_000_000, flag: true },
  ...{ bytes: text("abcd"), short: text("e"), medium: text(""), long: text("f".repeat(300)) },
};

test("values of every kind are read as they were written", () => {
  const reader = new Reader(ALL.pack(VALUES));
  expect(reader.read(ALL)).toEqual(VALUES);
  expect(reader.done).toBe(true);
});

test("Lua reads what TypeScript writes, and writes the same bytes", async () => {
  const script = `local v = { struct.unpack('${ALL.format}', ARGV[1]) }
local a, b, c, d = v[11], v[12], v[13], v[14]
return struct.pack('${ALL.format}', v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9], v[10],
  a, #b, b, #c, c, #d, d)`;
  const packed = ALL.pack(VALUES);
  expect(await at.current.redis.callBuffer("EVAL", script, 0, packed)).toEqual(packed);
});

test("a fixed value is filled up with zeros, and cut", () => {
  const one = layout({ value: bytes(3) });
  expect([...one.pack({ value: text("a") })]).toEqual([97, 0, 0]);
  expect([...one.pack({ value: text("abcd") })]).toEqual([97, 98, 99]);
});

test("parts stand one behind another", () => {
  const one = layout({ n: u16 });
  expect([...pack(one.of({ n: 258 }), text("a"), one.of({ n: 3 }))]).toEqual([1, 2, 97, 0, 3]);
});

test("an instant is rounded", () => {
  const one = layout({ at: ms });
  expect(new Reader(one.pack({ at: 1.5 })).read(one)).toEqual({ at: 2 });
});

test.each([
  ["too large", 256],
  ["negative", -1],
  ["not a number", Number.NaN],
  ["infinite", Number.POSITIVE_INFINITY],
])("a number that is %s is refused", (_, n) => {
  expect(() => layout({ n: u8 }).pack({ n })).toThrow();
});

test("a reply that ends early is refused", () => {
  expect(() => new Reader(Buffer.from([0])).read(layout({ n: u16 }))).toThrow("ends early");
});
