import { expect, it } from "vitest";
import { seededRandom } from "../../support/random.ts";
import { checkRecorded } from "./check-recorded.ts";
import { MUTATIONS } from "./mutations.ts";
import type { Rule } from "./rules.ts";
import type { Mutation } from "./simulation/mutate.ts";
import { simulate } from "./simulation/simulation.ts";
import { STILL_LEGAL } from "./still-legal.ts";

it("the checker accepts legal histories", () => {
  for (let seed = 1; seed <= 3; seed++) {
    const { events, kept, counted, openings, acted, faults } = simulate(3_000, seededRandom(seed));
    const snapshot = [...kept, ...counted, ...openings, ...acted];
    const { violations, counts } = checkRecorded(events, snapshot, faults);
    expect(violations, `seed ${seed}`).toEqual([]);
    // Otherwise the test would prove little.
    const { duplicates } = counts;
    expect(Math.min(duplicates.expired, counts.unanswered, counts.unreceived)).toBeGreaterThan(40);
    expect(counts.quarantined).toBeGreaterThan(400);
    expect(counts.acts).toBeGreaterThan(40);
  }
});

const runs = Array.from({ length: 6 }, (_, seed) => simulate(80, seededRandom(seed)));
const TRIES = 20;

/** Returns how many changes were found by one of these rules, or by any, and by which. */
function search(
  mutation: Mutation,
  expected: readonly Rule[],
): { tried: number; found: number; rules: Set<Rule> } {
  const random = seededRandom(7);
  const rules = new Set<Rule>();
  let tried = 0;
  let found = 0;
  for (let at = 0; at < TRIES; at++) {
    const mutated = mutation(random.pick(runs), random);
    if (mutated === undefined) continue;
    tried++;
    const { violations } = checkRecorded(mutated.events, mutated.snapshot, mutated.faults);
    if (violations.some(({ rule }) => expected.includes(rule))) found++;
    for (const { rule } of violations) rules.add(rule);
  }
  return { tried, found, rules };
}

/**
 * The other changes look like a legal history: an unacknowledged delivery may be lost or have any token and number, an
 * unanswered outcome may be another one, two equal fields may be swapped.
 */
it("the checker finds most single changes, each by the rule that it breaks", () => {
  let tried = 0;
  let found = 0;
  for (const [name, [mutation, ...expected]] of Object.entries(MUTATIONS)) {
    const result = search(mutation, expected);
    expect(result.tried, name).toBeGreaterThan(TRIES / 2);
    expect(result.found / result.tried, name).toBeGreaterThan(0.4);
    tried += result.tried;
    found += result.found;
  }
  console.info(`${found} of ${tried} single changes were found`);
  expect(found / tried).toBeGreaterThan(0.95);
});

it("the checker accepts changes that keep a history legal", () => {
  for (const [name, [mutation]] of Object.entries(STILL_LEGAL)) {
    const { tried, rules } = search(mutation, []);
    expect(tried, name).toBeGreaterThan(TRIES / 2);
    expect([...rules], name).toEqual([]);
  }
});
