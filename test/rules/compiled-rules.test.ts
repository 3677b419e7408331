import { describe, expect, it } from "vitest";
import { CompiledRules } from "../../src/rules/compiled-rules.ts";
import type { Rule } from "../../src/rules/rule.ts";
import { factsWith } from "./facts.ts";
import { ruleWith } from "./rules.ts";

const FACTS = factsWith({}, {}, 1);

function decide(...rules: Partial<Rule>[]) {
  const named = rules.map((parts, index) => ruleWith({ name: `r${index}`, ...parts }));
  return new CompiledRules(named).evaluate("FAILURE", FACTS);
}

describe("rules are evaluated in order", () => {
  it("up to the first that matches", () => {
    expect(
      decide(
        { when: "false", action: { queue: "a" } },
        { when: "attempts == 1", action: { queue: "b" } },
        { action: { queue: "c" } },
      ),
    ).toEqual({
      matched: ["r1"],
      failed: [],
      action: { queue: "b" },
      decidedBy: { queue: "r1" },
      edits: [],
    });
  });

  it("and continue after those with proceed; the first value wins", () => {
    expect(
      decide(
        { proceed: true, action: { priority: 7 } },
        { proceed: true, action: { priority: 1, queue: "slow" } },
        { action: { queue: "other", quarantine: true } },
        { action: { priority: 3 } },
      ),
    ).toEqual({
      matched: ["r0", "r1", "r2"],
      failed: [],
      action: { priority: 7, queue: "slow", quarantine: true },
      decidedBy: { priority: "r0", queue: "r1", quarantine: "r2" },
      edits: [],
    });
  });

  it("without disabled ones and those for another event", () => {
    expect(
      decide({ disabled: true }, { event: "ARRIVAL" }, { action: { queue: "x" } }).matched,
    ).toEqual(["r2"]);
  });

  it("and may not match at all", () => {
    expect(decide({ when: "false" })).toEqual({
      matched: [],
      failed: [],
      action: {},
      decidedBy: {},
      edits: [],
    });
    expect(decide()).toEqual({ matched: [], failed: [], action: {}, decidedBy: {}, edits: [] });
  });
});

describe("a drop", () => {
  it("overrides all earlier actions", () => {
    expect(
      decide(
        { proceed: true, action: { queue: "slow", priority: 1 } },
        { proceed: true, action: { drop: true } },
        { action: { quarantine: true } },
      ),
    ).toEqual({
      matched: ["r0", "r1"],
      failed: [],
      action: { drop: true },
      decidedBy: { drop: "r1" },
      edits: [],
    });
  });

  it("does not override an earlier quarantine", () => {
    expect(
      decide({ proceed: true, action: { quarantine: true } }, { action: { drop: true } }).action,
    ).toEqual({ quarantine: true });
  });
});

describe("a rule that fails", () => {
  it("is skipped and reported", () => {
    expect(
      decide({ when: "1 / (attempts - 1) == 1" }, { when: "int(message.queue) == 1" }, {}),
    ).toMatchObject({
      matched: ["r2"],
      failed: [
        { rule: "r0", error: expect.stringContaining("divide by zero") },
        { rule: "r1", error: expect.stringContaining("not an integer") },
      ],
    });
  });

  it("does not match if an attribute is absent, which is not a failure", () => {
    expect(decide({ when: 'message.attributes["port"] == "80"' }, {})).toMatchObject({
      matched: ["r1"],
      failed: [],
    });
  });

  it("does not affect the others, e.g. if another version allowed it", () => {
    expect(decide({ when: "message.color == 1" }, {})).toMatchObject({
      matched: ["r1"],
      failed: [{ rule: "r0", error: expect.stringContaining("message has no color") }],
    });
  });
});

describe("rules for an event", () => {
  it("do not exist if all are disabled or for another event", () => {
    const rules = new CompiledRules([ruleWith(), ruleWith({ event: "ARRIVAL", disabled: true })]);
    expect(rules.hasRulesFor("FAILURE")).toBe(true);
    expect(rules.hasRulesFor("ARRIVAL")).toBe(false);
  });

  it("restore the limit of stack traces", () => {
    const before = Error.stackTraceLimit;
    Error.stackTraceLimit = 7;
    decide({ when: "1 / (attempts - 1) == 1" });
    const after = Error.stackTraceLimit;
    Error.stackTraceLimit = before;
    expect(after).toBe(7);
  });
});

it("applies the transforms of all matching rules in order, and none with a drop", () => {
  const edit = (patch: string) => [{ target: "PAYLOAD", kind: "MERGE_PATCH", patch }] as const;
  const first = { action: { transforms: edit("1") }, proceed: true };
  const second = { action: { transforms: edit("2"), priority: 1 }, proceed: true };
  expect(decide(first, second)).toMatchObject({
    action: { transforms: [...edit("1"), ...edit("2")], priority: 1 },
    edits: [
      { rule: "r0", transforms: edit("1") },
      { rule: "r1", transforms: edit("2") },
    ],
  });
  const dropped = decide(first, { action: { drop: true } });
  expect(dropped).toMatchObject({ action: { drop: true }, edits: [] });
});
