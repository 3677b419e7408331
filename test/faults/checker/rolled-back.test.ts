import { expect, it } from "vitest";
import { seededRandom } from "../../support/random.ts";
import type { Rule } from "./rules.ts";
import { KIND, RolledBack } from "./simulation/rolled-back.ts";

const LIVES = 3_000;
/** Needs the counters of the store, which are not simulated. */
const NOT_SIMULATED: readonly Rule[] = ["counters-agree"];

it("the checker accepts every legal life through cut answers and a rollback", () => {
  let explained = 0;
  for (let seed = 0; seed < LIVES; seed++) {
    const story = new RolledBack(seededRandom(seed)).run();
    const { violations, rolledBack } = story.report({
      kinds: KIND.split("+").slice(1),
      withinMs: 100,
    });
    const broken = violations.filter(({ rule }) => !NOT_SIMULATED.includes(rule));
    expect(broken, `seed ${seed}`).toEqual([]);
    explained += rolledBack.length > 0 ? 1 : 0;
  }
  // Otherwise the test would prove little.
  expect(explained).toBeGreaterThan(LIVES / 10);
});
