import { describe, expect, it } from "vitest";
import { CompiledRules } from "../../src/rules/compiled-rules.ts";
import { MAX_HOPS, moveOf } from "../../src/rules/merge-actions.ts";
import { factsWith } from "./facts.ts";
import { ruleWith } from "./rules.ts";

describe("a message is not moved", () => {
  it("by an action without a queue, by its own queue's name, or when it is dropped", () => {
    for (const action of [{}, { queue: "" }, { queue: "here" }, { queue: "x", drop: true }]) {
      expect(moveOf(action, "here", 0)).toEqual({ kind: "none" });
    }
  });

  it("more often than is allowed", () => {
    expect(moveOf({ queue: "x" }, "here", MAX_HOPS - 1)).toEqual({
      kind: "move",
      queue: "x",
      hops: MAX_HOPS,
    });
    expect(moveOf({ queue: "x" }, "here", MAX_HOPS)).toEqual({ kind: "circle", queue: "x" });
  });
});

it("rules that route in a circle move a message a bounded number of times", () => {
  const rules = new CompiledRules([
    ruleWith({ name: "there", when: 'message.queue == "a"', action: { queue: "b" } }),
    ruleWith({ name: "back", when: 'message.queue == "b"', action: { queue: "a", priority: 9 } }),
  ]);
  const visited = ["a"];
  let hops = 0;
  for (let failures = 0; failures < 20; failures++) {
    const queue = visited.at(-1) ?? "";
    const { action } = rules.evaluate("FAILURE", factsWith({ queue }, {}, 1));
    const move = moveOf(action, queue, hops);
    if (move.kind !== "move") break;
    hops = move.hops;
    visited.push(move.queue);
  }
  expect(visited).toEqual(["a", "b", "a", "b", "a", "b", "a", "b", "a"]);
});
