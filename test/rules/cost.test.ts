// Slow expressions of at most 1 KiB on messages at their limits. Each must end within the bound,
// which has room for a busy machine; quadratic or exponential cost exceeds it by far.

import { describe, expect, it, test } from "vitest";
import { LIMITS } from "../../src/core/settings.ts";
import { CompiledRules } from "../../src/rules/compiled-rules.ts";
import { compileExpression } from "../../src/rules/expression.ts";
import { bindingsOf } from "../../src/rules/facts.ts";
import { RULE_LIMITS } from "../../src/rules/rule.ts";
import { RULE_VOCABULARY } from "../../src/rules/rule-vocabulary.ts";
import { ExpressionError } from "../../src/rules/vocabulary.ts";
import { cpuCostMs } from "../support/cpu-cost.ts";
import { factsWith } from "./facts.ts";

const BOUND_MS = 75;
const PARSE_BOUND_MS = 500;

const A = "a".repeat(LIMITS.attributeValueBytes);
const MIXED = Array.from({ length: LIMITS.attributeValueBytes }, (_, n) =>
  (n * n * 7 + (n >> 3)) % 5 < 2 ? "a" : "b",
).join("");
const attributes: Record<string, string> = {};
for (let n = 0; n < LIMITS.attributes; n++) attributes[`k${n}`] = A;
attributes.m = MIXED;
attributes.e = "é".repeat(LIMITS.attributeValueBytes / 2);
attributes.n = `${A.slice(1)}b`;
const BINDINGS = bindingsOf(
  factsWith({ attributes }, { message: MIXED, attributes: { m: MIXED.slice(0, 1024) } }, 3),
);

function filled(part: string, joint: string, end = ""): string {
  const room = RULE_LIMITS.expressionBytes - end.length;
  const count = Math.floor((room + joint.length) / (part.length + joint.length));
  return Array(count).fill(part).join(joint) + end;
}

const k = "message.attributes.k1";
const m = "message.attributes.m";

describe("evaluation is quick", () => {
  test.each<[string, string]>([
    ["comparing long texts", filled(`${k} == message.attributes.k2`, " && ")],
    ["counting characters", filled(`size(${k}) == 4096`, " && ")],
    [
      "searching what is nearly everywhere",
      `${k}.contains("${"a".repeat(480)}b${"a".repeat(480)}")`,
    ],
    ["searching often", filled(`${k}.contains("aaaaaaaab")`, " || ")],
    ["beginnings and ends", filled(`${k}.startsWith(message.attributes.n)`, " || ")],
    [
      "a long list",
      `${k} in [${filled('"aa"', ",", "")
        .slice(0, 950)
        .replace(/,[^,]*$/, "")}]`,
    ],
    ["absent attributes", filled('message.attributes.x == ""', " || ")],
    ["absent numbers", filled("failure.grpc_code == 1", " || ")],
    ["errors of all kinds", filled("1/0==1", " || ")],
    ["conversions", filled(`int(${k}) == 1`, " || ")],
    ["decimals", filled(`double(${k}) > 1.0`, " || ")],
    ["conditions", `${"true ? (".repeat(28)}true${") : false".repeat(28)}`],
    ["negations", `${"!".repeat(1000)}true`],
    ["chains of numbers", `${"1 + ".repeat(29)}1 == 30`],
    ["a pattern with many states", `${m}.matches("[ab]*a[ab]{118}[cd]")`],
    ["a pattern that can be empty", `${m}.matches("(a?){30}[cd]")`],
    ["nested repeats", `${m}.matches("(([ab]*)*)*[cd]")`],
    ["alternatives of alternatives", `${m}.matches("${"([ab]|[ba])*".repeat(19)}[cd]")`],
    ["borders of words", `${m}.matches("${"(\\\\b|\\\\B)".repeat(24)}[cd]")`],
    ["no case", `${m}.matches("(?i)[ab]*[éab]{115}[cd]")`],
    ["any sendRequest", `${m}.matches("(\\\\pL{1,29} ?){1,2}[^ab]")`],
    ["no case beyond ASCII", `message.attributes.e.matches("(?i)((${"é?ÉÈ?".repeat(20)})*)*ü")`],
    ["many patterns", filled(`${m}.matches("[ab]*[cd]")`, " || ")],
  ])("%s", (_name, text) => {
    expect(text.length).toBeLessThanOrEqual(RULE_LIMITS.expressionBytes);
    const expression = compileExpression(text, RULE_VOCABULARY.FAILURE);
    expect(cpuCostMs(() => expression.evaluate(BINDINGS))).toBeLessThan(BOUND_MS);
  });
});

describe("validation is quick, whether it accepts or refuses", () => {
  test.each<[string, string]>([
    ["round brackets", `${"(".repeat(500)}true${")".repeat(500)}`],
    ["round brackets that are allowed", `${"(".repeat(32)}true${")".repeat(31)}]`],
    ["open lists", "[".repeat(1024)],
    ["open maps and signs", "{-(-".repeat(256)],
    ["open maps and signs that are allowed", "{-(-".repeat(16)],
    ["calls", "f(".repeat(512)],
    ["conditions", `${"a?b:".repeat(255)}c`],
    ["a long list", `[${"1,".repeat(505)}1] == []`],
    ["a long text", `"${"x".repeat(1000)}" == ""`],
    ["fields", `a${".a".repeat(500)}`],
    ["comparisons", `1${"<1".repeat(500)}`],
    ["a huge pattern", `"".matches("((${"a".repeat(900)}){31}){31}")`],
    ["a huge pattern in small counts", `"".matches("${"(a{100}){10}".repeat(60)}")`],
    ["macros in macros", `${"[].all(x,".repeat(30)}true${")".repeat(30)}`],
    ["a huge number", `${"9".repeat(1000)} == 1`],
    ["spaces", `${" ".repeat(1000)}true`],
    ["comments", `${"//\n".repeat(300)}true`],
  ])("%s", (_name, text) => {
    const validate = () => {
      try {
        compileExpression(text, RULE_VOCABULARY.FAILURE);
      } catch (error) {
        if (!(error instanceof ExpressionError)) throw error;
      }
    };
    expect(cpuCostMs(validate)).toBeLessThan(PARSE_BOUND_MS);
  });
});

it("evaluates a full set of rules in less time than a script of the store takes", () => {
  const rules = new CompiledRules(
    Array.from({ length: RULE_LIMITS.rules }, (_, n) => ({
      name: `rule-${n}`,
      event: "FAILURE" as const,
      when: `message.attributes["tenant"] == "${n}" || failure.message.contains("code ${n}")`,
      action: { priority: 1 },
      proceed: true,
      disabled: false,
    })),
  );
  const facts = factsWith({}, {}, 1);
  rules.evaluate("FAILURE", facts);
  expect(cpuCostMs(() => rules.evaluate("FAILURE", facts))).toBeLessThan(30);
  expect(rules.evaluate("ARRIVAL", facts)).toBe(rules.evaluate("ARRIVAL", facts));
});
