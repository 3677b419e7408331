import { RE2JS } from "@bufbuild/re2";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { expandedSteps, Pattern, PatternError } from "../../src/rules/pattern.ts";

const PATTERNS = [
  "timed out",
  "(?i)timed out|refused",
  "^upstream .* (timed out|refused)$",
  "\\b5\\d\\d\\b",
  "[0-9a-f]{8}-[0-9a-f]{4}",
  "(?m)^b$",
  "(?s)a.b",
  "a.b",
  "\\Bb",
  "[^a]b?c+",
  "(a*)*b|(a|b)*c",
  "(?i)straße|ΣΑΣ",
  "\\pL+\\pN*$",
  "^$",
  "",
  "🙂|[é-ü]x",
  "(?U)a+b",
  "\\x{e9}[[:alpha:]]",
  "\\Aab\\z",
];

const TEXTS = [
  "",
  "b",
  "a\nb\nc",
  "upstream a.example timed out",
  "Connection REFUSED",
  "error 503 in 5035",
  "deadbeef-0000",
  "STRASSE straße σας",
  "é🙂x",
  "aaaaaaab",
  "ab",
];

describe("a pattern matches what the library's own matching finds", () => {
  test.each(PATTERNS)("%j", (pattern) => {
    const mine = new Pattern(pattern, 256);
    const theirs = RE2JS.compile(pattern);
    for (const text of TEXTS) expect([text, mine.test(text)]).toEqual([text, theirs.test(text)]);
  });

  it("for patterns and texts of any kind", () => {
    const atom = fc.constantFrom(
      "a",
      "b",
      ".",
      "[ab]",
      "[^a]",
      "é",
      "\\b",
      "\\B",
      "^",
      "$",
      "\\d",
      "🙂",
    );
    const pattern = fc.letrec<{ any: string }>((tie) => ({
      any: fc.oneof(
        { maxDepth: 4 },
        atom,
        fc.tuple(tie("any"), tie("any")).map(([a, b]) => a + b),
        fc.tuple(tie("any"), tie("any")).map(([a, b]) => `(${a}|${b})`),
        fc
          .tuple(tie("any"), fc.constantFrom("*", "+", "?", "*?", "{2}", "{1,3}"))
          .map(([a, count]) => `(?:${a})${count}`),
      ),
    })).any;
    const text = fc.array(fc.constantFrom("a", "b", "1", " ", "\n", "é", "🙂"), { maxLength: 12 });
    fc.assert(
      fc.property(
        fc.tuple(fc.constantFrom("", "(?i)", "(?m)", "(?s)"), pattern),
        text,
        ([flags, p], t) => {
          const whole = flags + p;
          expect(new Pattern(whole, 1000).test(t.join(""))).toBe(
            RE2JS.compile(whole).test(t.join("")),
          );
        },
      ),
      { numRuns: 3000 },
    );
  });
});

it("remembers nothing of the text before", () => {
  const pattern = new Pattern("^a+b", 256);
  expect(["aab", "b", "aab", "xaab", "ab"].map((text) => pattern.test(text))).toEqual([
    true,
    false,
    true,
    false,
    true,
  ]);
});

describe("a pattern is refused", () => {
  test.each([
    ["(", "missing"],
    ["a{1001}", "invalid repeat count"],
    ["(?=a)", "invalid"],
    ["(a)\\1", "invalid escape"],
    ["\\Qa(\\E", "\\Q is not supported"],
    ["a{257}", "has 259 steps"],
    [`((${"a".repeat(900)}){31}){31}`, "at most 256"],
    ["((a{10}){10}){10}", "at most 256"],
    [`[\\]](${"a".repeat(100)}){900}`, "at most 256"],
    ["[]((](((a{31}){31})){31}", "at most 256"],
    ["[[:alpha:](](a{31}){31}", "at most 256"],
  ])("%s: %s", (pattern, words) => {
    expect(() => new Pattern(pattern, 256)).toThrow(PatternError);
    expect(() => new Pattern(pattern, 256)).toThrow(words);
  });
});

describe("the size that is expected", () => {
  test.each([
    ["a{31}", 31],
    ["((a{31}){31}){31}", 31 ** 3],
    ["(a|b){2,10}", 30],
    ["a{5,}", 5],
    ["(a[](]){31}", 62],
    ["(a[^]{9}(]){31}", 62],
    ["(a[[:alpha:](]){31}", 62],
    ["((aaaaaaaaa[](]){31}){31}", 10 * 31 ** 2],
    ["(a\\(){31}", 62],
    ["a{x}", 4],
  ])("of %s is about %i", (pattern, steps) => {
    expect(expandedSteps(pattern)).toBeGreaterThanOrEqual(steps);
    expect(expandedSteps(pattern)).toBeLessThan(2.5 * steps + 5);
  });

  it("is never much below the real one", () => {
    const piece = fc.constantFrom(
      "a",
      "[ab]",
      "(",
      ")",
      "{2}",
      "{3,}",
      "{1,4}",
      "|",
      "*",
      "\\(",
      "[(]",
      "[]]",
      "[](]",
    );
    let valid = 0;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const pattern = pieces.join("");
        let steps: number;
        try {
          steps = RE2JS.compile(pattern).re2().prog.inst.length;
        } catch {
          return;
        }
        valid++;
        expect(steps).toBeLessThanOrEqual(2 * expandedSteps(pattern) + 4);
      }),
      { numRuns: 3000 },
    );
    expect(valid).toBeGreaterThan(300);
  });
});
