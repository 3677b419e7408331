import { expect, it } from "vitest";
import { mismatch } from "./matching.ts";
import { readScenarios, scenarioFrom } from "./scenario.ts";
import { resolved } from "./values.ts";

const STEPS = [{ open: {} }];
const SCENARIO = { name: "one", about: "Something.", steps: STEPS };

it("reads the scenarios of the repository", () => {
  expect(readScenarios().length).toBeGreaterThanOrEqual(40);
});

it("marks scenarios that can't share a server or an agent", () => {
  const steps = [...STEPS, { server: "kill" }, { agent: "kill" }];
  const shared = scenarioFrom({ ...SCENARIO, steps: [...STEPS, { link: "cut" }] }, "file");
  expect(scenarioFrom({ ...SCENARIO, steps }, "file")).toMatchObject({
    ownServer: true,
    ownAgent: true,
  });
  expect(shared).toMatchObject({ ownServer: false, ownAgent: false });
});

it.for([
  [{ ...SCENARIO, step: [] }, "unknown key step"],
  [{ ...SCENARIO, name: "Not So" }, "a name has only"],
  [{ ...SCENARIO, steps: [] }, "no steps"],
  [{ ...SCENARIO, steps: [{ sned: {} }] }, "unknown action sned"],
  [{ ...SCENARIO, steps: [{ open: {}, send: {} }] }, "one action"],
] as const)("refuses %j", ([scenario, words]) => {
  expect(() => scenarioFrom(scenario, "file")).toThrow(words);
});

it("follows references, and refuses those to nothing", () => {
  const scope = { queue: "q", first: { id: "abc" }, many: [{ key: "k0" }, { key: "k1" }] };
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the scenario's, not JavaScript's
  const given = { a: "$first.id", b: ["${queue}-b", "$many.1.key"], c: "$5", d: 7 };
  expect(resolved(given, scope)).toEqual({ a: "abc", b: ["q-b", "k1"], c: "$5", d: 7 });
  expect(() => resolved("$frist.id", scope)).toThrow("frist");
  expect(() => resolved("$first.di", scope)).toThrow("di");
});

it("makes values", () => {
  expect(resolved({ $repeat: { text: "ab", times: 3 } }, {})).toBe("ababab");
  expect(String(resolved({ $random: 30 }, {}))).toHaveLength(40); // base64 of 30 bytes
  const inAnHour = resolved({ $min: { $from_now: 3_600_000 } }, {});
  expect(mismatch(inAnHour, Date.now() + 3_700_000)).toBeUndefined();
  expect(mismatch(inAnHour, Date.now())).toBeDefined();
});
