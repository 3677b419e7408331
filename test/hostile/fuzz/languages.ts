// Arbitrary expressions of routing rules, and patches.

import fc from "fast-check";

const atom = fc.oneof(
  fc.constantFrom(
    ...["message.queue", "message.priority", "message.attributes", "message.attributes.a"],
    ...["message.origin.coordinates['x']", "failure.message", "failure.grpc_code", "attempts"],
    ...["message", "true", "false", "1", "-9223372036854775808", "1e400", "''", "[]", "[1, 2]"],
    ...["null", "b'x'", "type(1)", "{'a': 1}", "9223372036854775808", "0x10", "1u"],
  ),
  fc.string({ maxLength: 10 }).map((text) => JSON.stringify(text)),
);

const regex = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom(
    "(a*)*b",
    "[ab]*a[ab]{118}[cd]",
    "(x{31}){31}",
    "\\Q",
    "[[:word:]]",
    "(?i)É+",
    "\\pL{1,9}",
    "(",
    "\\b\\B",
  ),
);

/** Mostly well-formed expressions, and some of any text. */
export const expression: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.letrec<{ expression: string }>((tie) => ({
      expression: fc.oneof(
        { maxDepth: 5, depthIdentifier: "expression" },
        atom,
        fc
          .tuple(
            tie("expression"),
            fc.constantFrom("==", "!=", "<", ">=", "&&", "||", "+", "-", "*", "/", "%", "in"),
            tie("expression"),
          )
          .map(([a, sign, b]) => `(${a} ${sign} ${b})`),
        tie("expression").map((a) => `!(${a})`),
        fc
          .tuple(tie("expression"), tie("expression"), tie("expression"))
          .map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
        fc.tuple(tie("expression"), regex).map(([a, b]) => `(${a}).matches(${JSON.stringify(b)})`),
        fc
          .tuple(
            tie("expression"),
            fc.constantFrom("startsWith", "contains", "size", "map", "exists"),
            tie("expression"),
          )
          .map(([a, name, b]) => `(${a}).${name}(${b})`),
        fc
          .tuple(
            fc.constantFrom("int", "double", "string", "size", "has", "duration", "dyn"),
            tie("expression"),
          )
          .map(([name, a]) => `${name}(${a})`),
      ),
    })).expression,
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 60 }) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom("(", "[", "!", "-", "a.", "1+")
      .chain((part) => fc.constantFrom(30, 400).map((n) => part.repeat(n))),
  },
);

const pointer = fc.oneof(
  fc.constantFrom(
    "",
    "/a",
    "/0",
    "/-",
    "/a/b",
    "/a/0",
    "//",
    "/~0~1",
    "/__proto__",
    "/constructor/prototype",
  ),
  fc.string({ maxLength: 6 }).map((text) => `/${text}`),
);

const operation = fc.oneof(
  fc.record({
    op: fc.constantFrom("add", "replace", "test"),
    path: pointer,
    value: fc.jsonValue({ maxDepth: 3 }),
  }),
  fc.record({ op: fc.constant("remove"), path: pointer }),
  fc.record({ op: fc.constantFrom("move", "copy"), from: pointer, path: pointer }),
  fc.record({ op: fc.string({ maxLength: 5 }), path: fc.jsonValue({ maxDepth: 1 }) }),
);

export const patch: fc.Arbitrary<string> = fc.oneof(
  { weight: 5, arbitrary: fc.array(operation, { maxLength: 8 }).map((all) => JSON.stringify(all)) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(operation, fc.constantFrom(256, 257))
      .map(([one, n]) => JSON.stringify(Array(n).fill(one))),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 20 }) },
);
