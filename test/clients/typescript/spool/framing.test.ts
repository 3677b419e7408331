// The records of a spool file, byte for byte. All languages use the same format.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  encodeRecord,
  type FoundRecord,
  RecordScanner,
  RecordType,
} from "../../../../clients/typescript/src/spool/framing.ts";

interface Scanned {
  readonly found: readonly FoundRecord[];
  readonly skippedBytes: number;
  readonly cutOffBytes: number;
}

function scan(file: Buffer, pieceBytes = file.length || 1): Scanned {
  const scanner = new RecordScanner(0);
  const found: FoundRecord[] = [];
  for (let at = 0; at < file.length; at += pieceBytes) {
    found.push(...scanner.push(file.subarray(at, at + pieceBytes)));
  }
  found.push(...scanner.end());
  return { found, skippedBytes: scanner.skippedBytes, cutOffBytes: scanner.cutOffBytes };
}

const bodies = ({ found }: Scanned) => found.map(({ body }) => body.toString("latin1"));
const record = (text: string) => encodeRecord(RecordType.MESSAGE, Buffer.from(text, "latin1"));
const damaged = (whole: Buffer, at: number, value: number) => {
  const copy = Buffer.from(whole);
  copy.writeUInt8((copy.readUInt8(at) + value) % 256, at);
  return copy;
};

it("a record is the magic, type, length, CRC-32 of type, length and body, and the body", () => {
  expect(record("123456789").toString("hex")).toBe("89444c510200000009e13dbb28313233343536373839");
});

describe("a reader", () => {
  it("finds all written records, in pieces of any size", () => {
    const anyRecord = fc.record({
      type: fc.integer({ min: 0, max: 255 }),
      body: fc.uint8Array({ maxLength: 60 }),
    });
    const property = fc.property(
      fc.array(anyRecord),
      fc.integer({ min: 1, max: 50 }),
      (records, piece) => {
        const file = Buffer.concat(records.map(({ type, body }) => encodeRecord(type, body)));
        const scanned = scan(file, piece);
        const again = scanned.found.map(({ type, body }) => ({ type, body: new Uint8Array(body) }));
        expect(again).toEqual(records);
        expect(scanned).toMatchObject({ skippedBytes: 0, cutOffBytes: 0 });
        for (const { offset, type, body } of scanned.found) {
          const bytes = encodeRecord(type, body);
          expect(file.subarray(offset, offset + bytes.length)).toEqual(bytes);
        }
      },
    );
    fc.assert(property);
  });

  it("skips one damaged record, with the damage at any byte, and nothing else", () => {
    const property = fc.property(
      fc.nat({ max: 21 }),
      fc.integer({ min: 1, max: 255 }),
      fc.integer({ min: 1, max: 50 }),
      (at, value, piece) => {
        const bad = damaged(record("223456789"), at, value);
        const scanned = scan(Buffer.concat([record("1"), bad, record("3")]), piece);
        expect(bodies(scanned)).toEqual(["1", "3"]);
        expect(scanned).toMatchObject({ skippedBytes: bad.length, cutOffBytes: 0 });
      },
    );
    fc.assert(property);
  });

  it("continues at the next record after junk that looks like the start of a record", () => {
    const junk = Buffer.from("89444c51020000ffff00000000aabb8944", "hex");
    const scanned = scan(Buffer.concat([junk, record("a"), junk, record("b")]), 3);
    expect(bodies(scanned)).toEqual(["a", "b"]);
    expect(scanned).toMatchObject({ skippedBytes: 2 * junk.length, cutOffBytes: 0 });
  });

  it("does not count a cut-off record at the end as damaged", () => {
    const whole = record("cut off");
    for (let length = 1; length < whole.length; length++) {
      const scanned = scan(Buffer.concat([record("a"), whole.subarray(0, length)]), 7);
      expect(bodies(scanned)).toEqual(["a"]);
      expect(scanned).toMatchObject({ skippedBytes: 0, cutOffBytes: length });
    }
    const last = scan(Buffer.concat([record("a"), damaged(whole, 15, 1)]));
    expect(last).toMatchObject({ skippedBytes: whole.length, cutOffBytes: 0 });
  });
});
