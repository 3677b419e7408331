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

describe("rules are tried in their order", () => {
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

  it("and on, past those that say proceed; what was said first holds", () => {
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

  it("without those that are disabled, or for another event", () => {
    expect(
      decide({ disabled: true }, { event: "ARRIVAL" }, { action: { queue: "x" } }).matched,
    ).toEqual(["r2"]);
  });

  it("and match nothing where none does", () => {
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
  it("leaves nothing else to do, whatever was said before", () => {
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

  it("does not undo a quarantine that was said before", () => {
    expect(
      decide({ proceed: true, action: { quarantine: true } }, { action: { drop: true } }).action,
    ).toEqual({ quarantine: true });
  });
});

describe("a rule that can't be evaluated", () => {
  it("is skipped and reported", () => {
    expect(
      decide({ when: "1 / (attempts - 1) == 1" }, { when: "int(message.queue) == 1" }, {}),
    ).toMatchObject({
      matched: ["r2"],
      failed: [
        { rule: "r0", error: expect.stringContaining("divide by zero") },
        { rule: "r1", error: expect.stringContaining("no integer") },
      ],
    });
  });

  it("has not failed when an attribute is absent: it does not match", () => {
    expect(decide({ when: 'message.attributes["port"] == "80"' }, {})).toMatchObject({
      matched: ["r1"],
      failed: [],
    });
  });

  it("because another version allowed it, does not keep the others from working", () => {
    expect(decide({ when: "message.color == 1" }, {})).toMatchObject({
      matched: ["r1"],
      failed: [{ rule: "r0", error: expect.stringContaining("message has no color") }],
    });
  });
});

describe("rules for an event", () => {
  it("are none when all are disabled or for another one", () => {
    const rules = new CompiledRules([ruleWith(), ruleWith({ event: "ARRIVAL", disabled: true })]);
    expect(rules.hasRulesFor("FAILURE")).toBe(true);
    expect(rules.hasRulesFor("ARRIVAL")).toBe(false);
  });

  it("leave stack traces of others as they were", () => {
    const before = Error.stackTraceLimit;
    Error.stackTraceLimit = 7;
    decide({ when: "1 / (attempts - 1) == 1" });
    const after = Error.stackTraceLimit;
    Error.stackTraceLimit = before;
    expect(after).toBe(7);
  });
});

it("adds up the transforms of all that match, in order, and none beside a drop", () => {
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
