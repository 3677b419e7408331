import { expect, test } from "vitest";
import { FilterSteps, WATCH_PATTERN_STEPS } from "../../src/rpc/filter-steps.ts";

const half = { patternSteps: WATCH_PATTERN_STEPS / 2, sharedText: "shared" };
const other = { patternSteps: WATCH_PATTERN_STEPS / 2, sharedText: "other" };

test("a shared filter counts for a caller that still uses it", () => {
  const steps = new FilterSteps();
  const first = steps.take(half, "ann");
  const second = steps.take(half, "ben");
  first();
  // Ann has none now, and Ben has half.
  expect(() => steps.take(other, "ben")).toThrow("this caller's watches would have");
  const third = steps.take(other, "ann");
  third();
  second();
  expect(() => steps.take({ patternSteps: WATCH_PATTERN_STEPS }, "cid")).not.toThrow();
});

test("a caller with several watches of a shared filter pays until the last one ends", () => {
  const steps = new FilterSteps();
  const [first, second] = [steps.take(half, "ann"), steps.take(half, "ann")];
  first();
  expect(() => steps.take({ patternSteps: WATCH_PATTERN_STEPS }, "ben")).toThrow();
  second();
  expect(() => steps.take({ patternSteps: WATCH_PATTERN_STEPS }, "ben")).not.toThrow();
});
