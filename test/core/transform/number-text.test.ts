import fc from "fast-check";
import { expect, test } from "vitest";
import { parseJson } from "../../../src/core/transform/json.ts";
import { numberText } from "../../../src/core/transform/number-text.ts";

const NATIVE = JSON as unknown as {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
};

/** Parses with a reviver, which gets the text of each value but is slow. */
function revived(text: string): unknown {
  return NATIVE.parse(text, (_key, value, { source }) =>
    typeof value === "number" && source !== undefined && String(value) !== source
      ? numberText(source)
      : value,
  );
}

const digits = (min: number) => fc.stringMatching(new RegExp(`^\\d{${min},20}$`));
const number = fc
  .tuple(
    fc.constantFrom("", "-"),
    digits(1).map((text) => text.replace(/^0+(?=\d)/, "")),
    fc.option(
      digits(1).map((text) => `.${text}`),
      { nil: "" },
    ),
    fc.option(fc.stringMatching(/^[eE][+-]?\d{1,3}$/), { nil: "" }),
  )
  .map((parts) => parts.join(""));
const space = fc.constantFrom("", " ", "\n\t ");
const name = fc
  .oneof(fc.string(), fc.constantFrom("__proto__", "1", "0", "a", '"-1.0\\"'))
  .map((text) => JSON.stringify(text));
const { json } = fc.letrec<{ json: string }>((tie) => ({
  json: fc
    .tuple(
      space,
      fc.oneof(
        { maxDepth: 4 },
        number,
        name,
        fc.constantFrom("true", "false", "null"),
        fc.array(tie("json"), { maxLength: 4 }).map((items) => `[${items}]`),
        fc
          .array(fc.tuple(name, tie("json")), { maxLength: 4 })
          .map((members) => `{${members.map(([key, value]) => `${key} :${value}`)}}`),
      ),
      space,
    )
    .map((parts) => parts.join("")),
}));

test("parsing keeps the spelling of numbers, also beside repeated and whole-number names", () => {
  fc.assert(
    fc.property(json, (text) => {
      expect(parseJson(text, "the payload")).toEqual(revived(text));
    }),
    { numRuns: 2_000 },
  );
});
