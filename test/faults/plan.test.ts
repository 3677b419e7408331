import { expect, it } from "vitest";
import { seededRandom } from "../support/random.ts";
import { EXTERNAL } from "./kinds/catalog.ts";
import { atRandom, eachOnce } from "./plan.ts";

const { kinds } = EXTERNAL;
const namesOf = (plan: readonly (readonly { readonly name: string }[])[]) =>
  plan.map((faults) => faults.map(({ name }) => name));

it("has each kind once, in the same order for the same seed", () => {
  const plan = namesOf(eachOnce(kinds, seededRandom(7)));
  expect(plan.flat().sort()).toEqual(kinds.map(({ name }) => name).sort());
  expect(plan).toEqual(namesOf(eachOnce(kinds, seededRandom(7))));
  expect(plan).not.toEqual(namesOf(eachOnce(kinds, seededRandom(8))));
});

it("has as many by chance as asked, some two at a time, those of a fixed number so often", () => {
  const plan = atRandom(kinds, 130, seededRandom(7), new Map([["long-outage", 20]]));
  expect(plan.flat()).toHaveLength(130);
  expect(
    namesOf(plan)
      .flat()
      .filter((name) => name === "long-outage"),
  ).toHaveLength(20);
  const pairs = plan.filter(({ length }) => length === 2);
  expect(pairs.length).toBeGreaterThan(10);
  for (const [first, second] of pairs) {
    expect(first.touches.filter((part) => second?.touches.includes(part))).toEqual([]);
  }
});
