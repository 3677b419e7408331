import { expect, it } from "vitest";
import { seededRandom } from "../../support/random.ts";
import { checkEvents } from "./check-events.ts";
import { MUTATIONS } from "./mutations.ts";
import type { Rule } from "./rules.ts";
import type { Mutation } from "./simulation/mutate.ts";
import { simulate } from "./simulation/simulation.ts";
import { STILL_LEGAL } from "./still-legal.ts";

it("finds nothing in what is legal", () => {
  for (let seed = 1; seed <= 3; seed++) {
    const { events, kept, counted, openings, faults } = simulate(3_000, seededRandom(seed));
    const snapshot = [...kept, ...counted, ...openings];
    const { violations, counts } = checkEvents(events, snapshot, faults);
    expect(violations, `seed ${seed}`).toEqual([]);
    // Else it would say nothing.
    const { duplicates } = counts;
    expect(Math.min(duplicates.expired, counts.unanswered, counts.unreceived)).toBeGreaterThan(40);
    expect(counts.quarantined).toBeGreaterThan(400);
  }
});

const runs = Array.from({ length: 6 }, (_, seed) => simulate(80, seededRandom(seed)));
const TRIES = 20;

/** In how many of so many tries it was found by one of these rules, if any; and by which at all. */
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
    const { violations } = checkEvents(mutated.events, mutated.snapshot, mutated.faults);
    if (violations.some(({ rule }) => expected.includes(rule))) found++;
    for (const { rule } of violations) rules.add(rule);
  }
  return { tried, found, rules };
}

/**
 * The rest looks like a legal history: a delivery that nobody acknowledged may have been
 * lost on its way, or have had any token and number; an outcome without an answer may have been
 * another one; two equal fields may be exchanged.
 */
it("finds the great majority of single changes, each by the rule that it breaks", () => {
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

it("finds nothing where a change leaves a history legal", () => {
  for (const [name, [mutation]] of Object.entries(STILL_LEGAL)) {
    const { tried, rules } = search(mutation, []);
    expect(tried, name).toBeGreaterThan(TRIES / 2);
    expect([...rules], name).toEqual([]);
  }
});
