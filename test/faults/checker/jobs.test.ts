import { expect, it } from "vitest";
import { seededRandom } from "../../support/random.ts";
import type { FaultRecord } from "../history/event.ts";
import { checkRecorded } from "./check-recorded.ts";
import { JOB_MUTATIONS } from "./job-mutations.ts";
import type { Rule } from "./rules.ts";
import { simulate } from "./simulation/simulation.ts";
import { STARTED_AT } from "./story.ts";

const run = simulate(20, seededRandom(1));
const failover: readonly FaultRecord[] = (["begins", "over"] as const).map((phase) => ({
  ...{ e: "fault", number: 99, kind: "failover", phase },
  at: STARTED_AT + (phase === "begins" ? 0 : 60_000),
}));

it.each<[string, Rule]>([
  ["acted on twice", "job-once"],
  ["acted on after a delivery", "job-selected"],
  ["left out of its selection", "job-complete"],
  ["one more done", "job-counts"],
  ["a job that is gone", "job-ends"],
])("%s breaks a rule, unless a rollback may have undone the rest", (name, rule) => {
  const [mutation] = JOB_MUTATIONS[name] as (typeof JOB_MUTATIONS)[string];
  const mutated = mutation(run, seededRandom(2));
  if (mutated === undefined) throw new Error("the run has nothing to change");
  const { events, snapshot, faults } = mutated;
  const rulesOf = (found: readonly { readonly rule: Rule }[]) => found.map((one) => one.rule);
  const { violations } = checkRecorded(events, snapshot, faults);
  expect(rulesOf(violations)).toContain(rule);
  const allowed = { kinds: ["failover"], withinMs: 100 };
  const after = checkRecorded(events, snapshot, [...faults, ...failover], allowed);
  expect(rulesOf(after.violations)).not.toContain(rule);
  expect(rulesOf(after.rolledBack)).toContain(rule);
});

it("an action outside the selection is never explained", () => {
  const [mutation] = JOB_MUTATIONS["acted on outside the selection"] ?? [];
  const mutated = mutation?.(run, seededRandom(2));
  if (mutated === undefined) throw new Error("the run has nothing to change");
  const { events, snapshot, faults } = mutated;
  const allowed = { kinds: ["failover"], withinMs: 100 };
  const after = checkRecorded(events, snapshot, [...faults, ...failover], allowed);
  expect(after.violations.map(({ rule }) => rule)).toContain("job-selected");
});
