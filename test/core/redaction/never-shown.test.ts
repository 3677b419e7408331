// Whatever a payload looks like, no value at a hidden path is in what is shown, and nothing else changes.

import fc from "fast-check";
import { expect, it } from "vitest";
import { RedactedMessage } from "../../../src/core/redaction/redacted-message.ts";
import { Redaction } from "../../../src/core/redaction/redaction.ts";

/** Begins each hidden value, so that nothing else has it by chance. */
const MARK = "Q7xW";

/** JSON text, and the same text as it must be shown. */
interface Piece {
  given: string;
  shown: string;
}

const same = (text: string): Piece => ({ given: text, shown: text });
const join = (open: string, parts: Piece[], close: string): Piece => ({
  given: `${open}${parts.map((one) => one.given).join(",")}${close}`,
  shown: `${open}${parts.map((one) => one.shown).join(",")}${close}`,
});

/** A character as JSON may spell it. */
const spelledCharacter = fc.oneof(
  fc.constantFrom("a", "Z", " ", "é", "ß", "漢", "😀", "{", "}", "[", "]", ":", ",", "'"),
  fc.constantFrom('\\"', "\\\\", "\\/", "\\n", "\\u0041", "\\u00e9", "\\ud83d\\ude00", "\\ud800"),
);
const spelledText = fc.array(spelledCharacter, { maxLength: 8 }).map((parts) => parts.join(""));
const space = fc.constantFrom("", " ", "\n\t", "\r\n");
const number = fc.constantFrom("0", "-0", "1.0", "1E5", "9007199254740993", "1e400", "-12.50e-3");
const plain = fc.oneof(
  fc.constantFrom("true", "false", "null", '"[redacted]"', "{}", "[ ]"),
  number,
  spelledText.map((text) => `"${text}"`),
);

/** A hidden value: each leaf has the mark. */
const hiddenLeaf = fc.oneof(
  spelledText.map((text) => `"${MARK}${text}"`),
  spelledText.map((text) => `"${text}${MARK}"`),
  number.map((text) => `"${MARK}${text}"`),
);
const hidden: fc.Arbitrary<string> = fc.oneof(
  hiddenLeaf,
  fc.array(hiddenLeaf, { maxLength: 3 }).map((leaves) => `[${leaves.join(" ,")}]`),
  fc.array(hiddenLeaf, { maxLength: 3 }).map((leaves) => `{${leaves.map((one) => `"k":${one}`)}}`),
);
/** The hidden name, as JSON may spell it. */
const secretName = fc.constantFrom('"secret"', '"s\\u0065cret"', '"\\u0073ecret"');
const otherName = spelledText.map((text) => `"o${text}"`);

const tree = fc.letrec<{ node: Piece; object: Piece; array: Piece }>((tie) => ({
  object: fc
    .array(
      fc.oneof(
        {
          weight: 1,
          arbitrary: fc.tuple(secretName, space, hidden).map(([name, gap, value]) => ({
            given: `${gap}${name}${gap}:${gap}${value}${gap}`,
            shown: `${gap}${name}${gap}:${gap}"[redacted]"${gap}`,
          })),
        },
        {
          weight: 2,
          arbitrary: fc.tuple(otherName, space, tie("node")).map(([name, gap, value]) => ({
            given: `${name}${gap}:${gap}${value.given}`,
            shown: `${name}${gap}:${gap}${value.shown}`,
          })),
        },
      ),
      { maxLength: 4 },
    )
    .map((members) => join("{", members, "}")),
  array: fc.array(tie("node"), { maxLength: 3 }).map((items) => join("[", items, "]")),
  node: fc.oneof({ depthSize: "small" }, plain.map(same), tie("object"), tie("array")),
}));

/** The name on every level that the trees reach. */
const ENTRIES = Array.from({ length: 12 }, (_, depth) => `${"/*".repeat(depth)}/secret`);

it("shows no value of a hidden path, and every other byte as it is", () => {
  fc.assert(
    fc.property(fc.oneof(tree.object, tree.array), fc.boolean(), ({ given, shown }, asBytes) => {
      expect(() => JSON.parse(given)).not.toThrow();
      const payload = asBytes ? new TextEncoder().encode(given) : given;
      const message = new RedactedMessage(new Redaction(ENTRIES), {
        ...{ payloads: [payload], attributes: [], patches: [] },
      });
      expect(Buffer.from(message.payload(payload)).toString()).toBe(Buffer.from(shown).toString());
      const quoting = {
        message: `cannot use ${given}`,
        stackTrace: given,
        attributes: { a: given },
      };
      const failure = message.failure({ ...quoting, truncated: false });
      for (const text of [failure.message, failure.stackTrace, failure.attributes.a]) {
        expect(text).not.toContain(MARK);
      }
    }),
    { numRuns: 2_000 },
  );
});

it("withholds what is no JSON object or array as a whole", () => {
  const broken = fc
    .tuple(tree.object, fc.nat())
    .map(([{ given }, at]) => given.slice(0, at % given.length));
  fc.assert(
    fc.property(fc.oneof(broken, fc.string(), fc.json()), (payload) => {
      const message = new RedactedMessage(new Redaction(ENTRIES), {
        ...{ payloads: [payload], attributes: [], patches: [] },
      });
      const isDocument = /^[\s]*[[{]/.test(payload) && isJson(payload);
      const shown = message.payload(payload);
      if (payload !== "" && !isDocument) expect(shown).toBe("[redacted]");
      expect(shown).not.toContain(MARK);
    }),
    { numRuns: 1_000 },
  );
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
