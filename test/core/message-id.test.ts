import { describe, expect, it, test } from "vitest";
import { createdAtMs, formatMessageId, parseMessageId } from "../../src/core/message-id.ts";

describe("a message id", () => {
  const text = "01890a5d-ac96-774b-bcce-b302099a8057";

  it("decodes to the same bytes", () => {
    const id = parseMessageId(text);
    expect(id).toHaveLength(16);
    expect(formatMessageId(id ?? new Uint8Array())).toBe(text);
  });

  test.each([
    "",
    text.toUpperCase(),
    text.replaceAll("-", ""),
    `{${text}}`,
    `${text} `,
    `${text}\n`,
    text.slice(1),
    text.replace("0", "g"),
    text.replace("-", "0"),
    `urn:uuid:${text}`,
  ])("has one spelling, which is not %j", (other) => {
    expect(parseMessageId(other)).toBeUndefined();
  });

  const counting = Uint8Array.from({ length: 20 }, (_, at) => 0x11 * (at % 16));
  test.each([
    ["zeros", new Uint8Array(16), "00000000-0000-0000-0000-000000000000"],
    ["ones", new Uint8Array(16).fill(0xff), "ffffffff-ffff-ffff-ffff-ffffffffffff"],
    ["each digit", counting.subarray(0, 16), "00112233-4455-6677-8899-aabbccddeeff"],
    ["a part of others", counting.subarray(3, 19), "33445566-7788-99aa-bbcc-ddeeff001122"],
  ])("is formatted: %s", (_name, bytes, expected) => {
    expect(formatMessageId(bytes)).toBe(expected);
    expect(parseMessageId(expected)).toEqual(Uint8Array.from(bytes));
  });

  test.each([0, 15, 17])("is not formatted from %i bytes", (length) => {
    const expected = new RangeError(`a message id has 16 bytes, not ${length}`);
    expect(() => formatMessageId(new Uint8Array(length))).toThrow(expected);
  });

  it("is another text than those before it, which stay as they are", () => {
    const texts = Array.from({ length: 256 }, (_, byte) =>
      formatMessageId(new Uint8Array(16).fill(byte)),
    );
    expect(new Set(texts).size).toBe(256);
    expect(texts.map((one) => parseMessageId(one)?.[15])).toEqual([...texts.keys()]);
  });

  it("contains its time of creation", () => {
    const id = parseMessageId("01890a5d-ac96-7fff-bfff-ffffffffffff") as Uint8Array;
    expect(createdAtMs(id)).toBe(0x01890a5dac96);
  });
});
