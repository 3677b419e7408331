// The checker is sound: accepted expressions fail at run time only in the documented ways.

import fc from "fast-check";
import { expect, it } from "vitest";
import { compileExpression, type Expression } from "../../src/rules/expression.ts";
import { bindingsOf } from "../../src/rules/facts.ts";
import { RULE_VOCABULARY } from "../../src/rules/rule-vocabulary.ts";
import { ExpressionError } from "../../src/rules/vocabulary.ts";
import { factsWith } from "./facts.ts";

const BINDINGS = bindingsOf(factsWith({}, {}, 2));

const leaf = fc.constantFrom(
  "message",
  "message.queue",
  "message.priority",
  "message.attributes",
  "message.attributes.host",
  "message.attributes.absent",
  "message.origin",
  "message.origin.coordinates",
  "failure.http_status",
  "failure.grpc_code",
  "attempts",
  "0",
  "-1",
  "9223372036854775807",
  "1.5",
  '"a"',
  '"orders"',
  "true",
  "false",
  "null",
  "1u",
  "[]",
);
const expression = fc.letrec<{ any: string }>((tie) => {
  const any = tie("any");
  return {
    any: fc.oneof(
      { maxDepth: 4, depthSize: "small" },
      leaf,
      fc
        .tuple(
          any,
          fc.constantFrom("==", "!=", "<", ">=", "&&", "||", "in", "+", "-", "*", "/", "%"),
          any,
        )
        .map(([a, sign, b]) => `(${a} ${sign} ${b})`),
      fc.tuple(fc.constantFrom("!", "-"), any).map(([sign, a]) => `${sign}(${a})`),
      fc.tuple(any, any, any).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
      fc.tuple(any, any).map(([a, b]) => `${a}[${b}]`),
      fc.tuple(any, any).map(([a, b]) => `[${a}, ${b}]`),
      fc
        .tuple(fc.constantFrom("size", "int", "double", "string", "has", "bool", "type"), any)
        .map(([name, a]) => `${name}(${a})`),
      fc
        .tuple(any, fc.constantFrom("contains", "startsWith", "endsWith", "matches"), any)
        .map(([a, name, b]) => `${a}.${name}(${b})`),
      fc.tuple(any, fc.constantFrom("queue", "host", "type")).map(([a, name]) => `${a}.${name}`),
      any.map((a) => `{"a": ${a}}`),
    ),
  };
}).any;
/** Most values are not booleans; compared with themselves they are. */
const truth = fc.oneof(
  expression,
  fc.tuple(expression, expression).map(([a, b]) => `${a} == ${b}`),
  expression.map((a) => `${a} == ${a}`),
);

const DOCUMENTED = /divide by zero|modulus by zero|overflow|that is not an? (integer|number)/;

function valid(text: string): Expression | undefined {
  try {
    return compileExpression(text, RULE_VOCABULARY.FAILURE);
  } catch (error) {
    if (error instanceof ExpressionError) return undefined;
    throw error;
  }
}

it("accepts no expression that fails at run time for another reason", () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(truth, (text) => {
      const outcome = valid(text)?.evaluate(BINDINGS) ?? "refused";
      const kind = typeof outcome === "object" ? "failed" : String(outcome);
      seen.set(kind, (seen.get(kind) ?? 0) + 1);
      if (typeof outcome === "object") expect(outcome.error).toMatch(DOCUMENTED);
    }),
    { numRuns: 4000, examples: [["1 / 0 == 1"]] },
  );
  // Each kind of outcome occurred.
  expect([...seen.keys()].sort()).toEqual(["absent", "failed", "false", "refused", "true"]);
});

it("refuses everything else with a message", () => {
  const token = fc.constantFrom(
    ...'a .b ( ) [ ] { } ? : + - ! && || == in 1 1.5 "x" r\' \\ """ , has( .all(x, //c \n 0x u é'.split(
      " ",
    ),
  );
  fc.assert(
    fc.property(fc.array(token, { maxLength: 40 }), (tokens) => {
      valid(tokens.join(""));
    }),
    { numRuns: 1000 },
  );
});
