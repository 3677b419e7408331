// Arbitrary inputs of fixed seeds. `node test/hostile/fuzz/main.ts` runs others, for longer.

import { expect, it } from "vitest";
import { fuzz } from "./run.ts";

const SEEDS = [1, 2, 3];
const FOR_MS = 15_000;
/** Also on a busy machine. */
const LEAST_INPUTS = 50;

it.for(SEEDS)("no input of seed %i is answered wrongly", { timeout: 300_000 }, async (seed) => {
  const { inputs, found } = await fuzz(seed, FOR_MS);
  expect(found).toBeUndefined();
  expect(inputs).toBeGreaterThan(LEAST_INPUTS);
});
