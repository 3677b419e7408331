// Records of a spool file, byte for byte as every language writes and reads them.

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
  readonly tornBytes: number;
}

function scan(file: Buffer, pieceBytes = file.length || 1): Scanned {
  const scanner = new RecordScanner(0);
  const found: FoundRecord[] = [];
  for (let at = 0; at < file.length; at += pieceBytes) {
    found.push(...scanner.push(file.subarray(at, at + pieceBytes)));
  }
  found.push(...scanner.end());
  return { found, skippedBytes: scanner.skippedBytes, tornBytes: scanner.tornBytes };
}

const bodies = ({ found }: Scanned) => found.map(({ body }) => body.toString("latin1"));
const letter = (text: string) => encodeRecord(RecordType.LETTER, Buffer.from(text, "latin1"));
const damaged = (record: Buffer, at: number, value: number) => {
  const copy = Buffer.from(record);
  copy.writeUInt8((copy.readUInt8(at) + value) % 256, at);
  return copy;
};

it("is the magic, the type, the length, a CRC-32 of both and the body, and the body", () => {
  expect(letter("123456789").toString("hex")).toBe("89444c510200000009e13dbb28313233343536373839");
});

describe("a reader", () => {
  it("finds what was written, in whatever pieces it comes", () => {
    const record = fc.record({
      type: fc.integer({ min: 0, max: 255 }),
      body: fc.uint8Array({ maxLength: 60 }),
    });
    const property = fc.property(
      fc.array(record),
      fc.integer({ min: 1, max: 50 }),
      (records, piece) => {
        const file = Buffer.concat(records.map(({ type, body }) => encodeRecord(type, body)));
        const scanned = scan(file, piece);
        const again = scanned.found.map(({ type, body }) => ({ type, body: new Uint8Array(body) }));
        expect(again).toEqual(records);
        expect(scanned).toMatchObject({ skippedBytes: 0, tornBytes: 0 });
        for (const { offset, type, body } of scanned.found) {
          const bytes = encodeRecord(type, body);
          expect(file.subarray(offset, offset + bytes.length)).toEqual(bytes);
        }
      },
    );
    fc.assert(property);
  });

  it("passes over one that is damaged, wherever that is, and over nothing else", () => {
    const property = fc.property(
      fc.nat({ max: 21 }),
      fc.integer({ min: 1, max: 255 }),
      fc.integer({ min: 1, max: 50 }),
      (at, value, piece) => {
        const bad = damaged(letter("223456789"), at, value);
        const scanned = scan(Buffer.concat([letter("1"), bad, letter("3")]), piece);
        expect(bodies(scanned)).toEqual(["1", "3"]);
        expect(scanned).toMatchObject({ skippedBytes: bad.length, tornBytes: 0 });
      },
    );
    fc.assert(property);
  });

  it("goes on at the next record after junk, also where that looks like a beginning", () => {
    const junk = Buffer.from("89444c51020000ffff00000000aabb8944", "hex");
    const scanned = scan(Buffer.concat([junk, letter("a"), junk, letter("b")]), 3);
    expect(bodies(scanned)).toEqual(["a", "b"]);
    expect(scanned).toMatchObject({ skippedBytes: 2 * junk.length, tornBytes: 0 });
  });

  it("knows one that was cut off at the end from one that is damaged", () => {
    const whole = letter("cut off");
    for (let length = 1; length < whole.length; length++) {
      const scanned = scan(Buffer.concat([letter("a"), whole.subarray(0, length)]), 7);
      expect(bodies(scanned)).toEqual(["a"]);
      expect(scanned).toMatchObject({ skippedBytes: 0, tornBytes: length });
    }
    const last = scan(Buffer.concat([letter("a"), damaged(whole, 15, 1)]));
    expect(last).toMatchObject({ skippedBytes: whole.length, tornBytes: 0 });
  });
});
