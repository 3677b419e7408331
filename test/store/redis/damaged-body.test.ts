import { expect, it } from "vitest";
import { Bodies } from "../../../src/store/redis/bodies.ts";

const bodies = new Bodies(1);
const BODY = Buffer.from("order 17 is late; ".repeat(40));

it.each([
  ["that ends behind its head", (packed: Buffer) => packed.subarray(0, 6)],
  ["with another size in its head", (packed: Buffer) => resized(packed, BODY.length + 1)],
])("a compressed body %s is refused", (_, damage) => {
  const packed = Buffer.from(bodies.pack(BODY, BODY.length));
  expect(Buffer.from(bodies.unpack(packed))).toEqual(BODY);
  expect(() => bodies.unpack(damage(packed))).toThrow();
});

function resized(packed: Buffer, bytes: number): Buffer {
  const damaged = Buffer.from(packed);
  damaged.writeUInt32LE(bytes, 1);
  return damaged;
}
