import { describe, expect, it, test } from "vitest";
import { compileExpression } from "../../src/rules/expression.ts";
import { RULE_LIMITS, type Rule } from "../../src/rules/rule.ts";
import { RULE_VOCABULARY } from "../../src/rules/rule-vocabulary.ts";
import { ruleViolations } from "../../src/rules/validate-rules.ts";
import { ruleWith } from "./rules.ts";

const noPolicyProblems = () => [];

function violations(...rules: Partial<Rule>[]) {
  const named = rules.map((parts, index) => ruleWith({ name: `r${index}`, ...parts }));
  return ruleViolations(named, noPolicyProblems).map(
    ({ field, description }) => `${field}: ${description}`,
  );
}

test("a complete rule is valid", () => {
  expect(
    violations(
      { when: 'message.queue == "a"', action: { queue: "b", priority: -100, quarantine: true } },
      { event: "ARRIVAL", action: { drop: true } },
      { action: { retryPolicy: { maxRetries: 1 } }, proceed: true },
      { action: { transforms: [{ target: "PAYLOAD", kind: "MERGE_PATCH", patch: "{}" }] } },
      { action: { priority: 0 } },
    ),
  ).toEqual([]);
});

describe("a rule is refused", () => {
  test.each<[string, Partial<Rule>, string]>([
    ["without a name", { name: "" }, "rules[0].name: must match [A-Za-z0-9._-]{1,64}"],
    ["with a name of other signs", { name: "a b" }, "rules[0].name: must match"],
    ["with a long name", { name: "a".repeat(65) }, "rules[0].name: must match"],
    ["without an expression", { when: "" }, "rules[0].when: is empty"],
    [
      "with the place of what is wrong",
      { when: 'message.que == "x"' },
      "rules[0].when: at character 8: message has no que",
    ],
    [
      "with attempts on arrival",
      { event: "ARRIVAL", when: "attempts > 1" },
      "rules[0].when: at character 1: attempts is known on failure only",
    ],
    ["that does nothing", { action: {} }, "rules[0].action: is empty"],
    [
      "that does nothing but say no",
      { action: { queue: "", drop: false, quarantine: false } },
      "rules[0].action: is empty",
    ],
    [
      "that drops and does something else",
      { action: { drop: true, priority: 1 } },
      "rules[0].action.drop: excludes all other parts",
    ],
    ["with a bad queue", { action: { queue: "a b" } }, "rules[0].action.queue: must match"],
    [
      "with a priority too high",
      { action: { priority: 101 } },
      "rules[0].action.priority: must be",
    ],
    [
      "with a priority too low",
      { action: { priority: -101 } },
      "rules[0].action.priority: must be",
    ],
    ["with a broken priority", { action: { priority: 1.5 } }, "rules[0].action.priority: must be"],
    [
      "with a bad patch",
      { action: { transforms: [{ target: "PAYLOAD", kind: "JSON_PATCH", patch: "{}" }] } },
      "rules[0].action.transforms[0]: a JSON Patch is an array",
    ],
  ])("%s", (_name, parts, expected) => {
    const found = violations(parts);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(expected);
  });
});

test("every mistake of every rule is named at once", () => {
  expect(
    violations({ when: "1", action: {} }, {}, { when: "2", action: { queue: "!" } }).map(
      (found) => found.split(":")[0],
    ),
  ).toEqual(["rules[0].when", "rules[0].action", "rules[2].when", "rules[2].action.queue"]);
});

test("names must be unique", () => {
  expect(violations({ name: "a" }, { name: "b" }, { name: "a" })).toEqual([
    "rules[2].name: is also the name of rules[0]; names must be unique",
  ]);
});

it("has at most 100 rules", () => {
  expect(violations(...Array(100).fill({ when: "true" }))).toEqual([]);
  expect(violations(...Array(101).fill({ when: "" }))).toEqual([
    "rules: has 101 rules; at most 100 are allowed",
  ]);
});

it("does not validate policy names", () => {
  const rule = ruleWith({ action: { retryPolicy: { maxRetries: -1 } } });
  const check = (policy: { maxRetries?: number | undefined }) => [
    { field: "max_retries", description: `is ${policy.maxRetries}` },
    { field: "", description: "is wrong" },
  ];
  expect(ruleViolations([rule], check)).toEqual([
    { field: "rules[0].action.retry_policy.max_retries", description: "is -1" },
    { field: "rules[0].action.retry_policy", description: "is wrong" },
  ]);
});

describe("the patterns of all rules together", () => {
  const heavy: Partial<Rule> = { when: 'message.queue.matches("[ab]*a[ab]{118}[cd]")' };
  const steps = compileExpression(heavy.when ?? "", RULE_VOCABULARY.FAILURE).patternSteps;
  const most = Math.floor(RULE_LIMITS.setPatternSteps / steps);
  const rules = (count: number, parts: Partial<Rule> = {}) =>
    Array.from({ length: count }, () => ({ ...heavy, ...parts }));
  const refused = (event: string) => [
    expect.stringContaining(`rules: the patterns of the enabled ${event} rules have`),
  ];

  it("are refused above their limit", () => {
    expect(violations(...rules(most))).toEqual([]);
    expect(violations(...rules(most + 1))).toEqual(refused("FAILURE"));
    expect(violations(...rules(most + 1, { event: "ARRIVAL" }))).toEqual(refused("ARRIVAL"));
  });

  it("count for each event, and only in enabled rules", () => {
    expect(violations(...rules(most), ...rules(most, { event: "ARRIVAL" }))).toEqual([]);
    expect(violations(...rules(most), ...rules(10, { disabled: true }))).toEqual([]);
  });

  it("count each time they are used", () => {
    const once = 'message.queue.matches("abcdef")';
    const own = (when: string) => compileExpression(when, RULE_VOCABULARY.FAILURE).patternSteps;
    expect(own(`${once} || ${once}`)).toBe(2 * own(once));
  });
});
