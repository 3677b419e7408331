import { describe, expect, it, test } from "vitest";
import {
  decodeLeaseToken,
  encodeLeaseToken,
  LEASE_TOKEN_MAX_LENGTH,
  type LeaseTokenParts,
} from "../../src/core/lease-token.ts";

function parts(changes: Partial<LeaseTokenParts> = {}): LeaseTokenParts {
  return {
    queue: "orders",
    messageId: Uint8Array.from({ length: 16 }, (_, i) => i),
    deliveryNumber: 7,
    nonce: Uint8Array.from({ length: 16 }, (_, i) => 255 - i),
    ...changes,
  };
}

describe("a lease token", () => {
  test.each<[string, Partial<LeaseTokenParts>]>([
    ["an ordinary lease", {}],
    ["the shortest queue name", { queue: "q" }],
    ["the longest queue name", { queue: "Q".repeat(128) }],
    ["every kind of character", { queue: "a-Z_0.9" }],
    ["the lowest delivery number", { deliveryNumber: 0 }],
    ["the highest delivery number", { deliveryNumber: 2 ** 32 - 1 }],
  ])("decodes to the same parts: %s", (_name, changes) => {
    const token = encodeLeaseToken(parts(changes));
    expect(token).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(token.length).toBeLessThanOrEqual(LEASE_TOKEN_MAX_LENGTH);
    expect(decodeLeaseToken(token)).toEqual(parts(changes));
  });

  it("keeps its layout, so that leases survive an upgrade", () => {
    expect(encodeLeaseToken(parts())).toBe(
      "AQZvcmRlcnMAAQIDBAUGBwgJCgsMDQ4PAAAAB__-_fz7-vn49_b19PPy8fA",
    );
  });

  const token = encodeLeaseToken(parts());
  const bytes = Buffer.from(token, "base64url");
  const withByte = (at: number, value: number) => {
    const copy = Buffer.from(bytes);
    copy[at] = value;
    return copy.toString("base64url");
  };
  test.each<[string, string]>([
    ["nothing", ""],
    ["prose", "not a token"],
    ["padding", `${token}==`],
    ["a space", `${token} `],
    ["a line break", `${token.slice(0, 8)}\n${token.slice(8)}`],
    ["the other alphabet", bytes.toString("base64")],
    ["a foreign character inside", `${token.slice(0, 5)}*${token.slice(5)}`],
    ["a cut end", token.slice(0, -1)],
    ["a cut byte", bytes.subarray(0, -1).toString("base64url")],
    ["a byte too many", Buffer.concat([bytes, Buffer.of(0)]).toString("base64url")],
    ["another version", withByte(0, 2)],
    ["a longer queue name", withByte(1, 7)],
    ["a shorter queue name", withByte(1, 5)],
    ["no queue name", Buffer.concat([Buffer.of(1, 0), bytes.subarray(8)]).toString("base64url")],
    ["a queue name of other characters", withByte(3, 0x2f)],
    ["a queue name with a high bit", withByte(3, 0xe4)],
    ["a version byte alone", "AQ"],
    ["a megabyte", "A".repeat(1 << 20)],
  ])("is refused with %s", (_name, text) => {
    expect(decodeLeaseToken(text)).toBeUndefined();
  });

  it("is refused with stray bits after the last byte", () => {
    // 43 bytes leave 2 characters for the last byte, of which 4 bits say nothing.
    const odd = encodeLeaseToken(parts({ queue: "order" }));
    const stray = `${odd.slice(0, -1)}${String.fromCharCode(odd.charCodeAt(odd.length - 1) + 1)}`;
    expect(Buffer.from(stray, "base64url")).toEqual(Buffer.from(odd, "base64url"));
    expect(decodeLeaseToken(stray)).toBeUndefined();
  });

  it("never decodes to another lease after a change of one character", () => {
    for (let at = 0; at < token.length; at++) {
      const changed = `${token.slice(0, at)}${token[at] === "A" ? "B" : "A"}${token.slice(at + 1)}`;
      expect(decodeLeaseToken(changed)).not.toEqual(parts());
    }
  });

  test.each<[string, Partial<LeaseTokenParts>]>([
    ["a queue name that is none", { queue: "a/b" }],
    ["a short id", { messageId: new Uint8Array(15) }],
    ["a long nonce", { nonce: new Uint8Array(17) }],
    ["a delivery number beyond 32 bits", { deliveryNumber: 2 ** 32 }],
    ["a negative delivery number", { deliveryNumber: -1 }],
  ])("is not encoded for %s", (_name, changes) => {
    expect(() => encodeLeaseToken(parts(changes))).toThrow(RangeError);
  });
});
