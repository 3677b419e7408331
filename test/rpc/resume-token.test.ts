import fc from "fast-check";
import { expect, test } from "vitest";
import { readResumeToken, writeResumeToken } from "../../src/rpc/convert/resume-token.ts";

const START = { entryId: "0-0", next: 0, epochMs: 0 };
const number = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const position = fc.record({
  entryId: fc.tuple(number, number).map(([before, atMs]) => `${before}-${atMs}`),
  next: number,
  epochMs: number,
});
const positions = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 255 }), fc.oneof(position, fc.constant(START))))
  .map((entries) => new Map(entries));

test("a token has the store and all positions", () => {
  fc.assert(
    fc.property(positions, (given) => {
      const point = { storeId: "0a1v9u", positions: given };
      expect(readResumeToken(writeResumeToken(point))).toEqual(point);
    }),
  );
});

test("partitions without changes take a bit each", () => {
  const idle = new Map(Array.from({ length: 256 }, (_, partition) => [partition, START]));
  expect(writeResumeToken({ storeId: "000000", positions: idle }).length).toBeLessThan(60);
});

test.each([
  "x",
  "AQ",
  "",
  "AAAA",
  writeResumeToken({ storeId: "000000", positions: new Map() }).slice(0, -1),
  "ä",
])("refuses %j", (token) => {
  expect(readResumeToken(token)).toBeUndefined();
});
