import { expect, it } from "vitest";
import { languagesOf } from "./languages.ts";
import type { WorldName } from "./rig/world.ts";

const WORLDS: readonly WorldName[] = ["external", "everysec", "embedded", "sentinel", "replicas"];
/** Those that run at the same time. */
const LIGHT: readonly WorldName[] = ["everysec", "sentinel", "replicas"];
const BUILT = ["go", "java", "rust"];

const languages = (world: WorldName, seed: number, long = false) =>
  languagesOf(world, { long, worlds: WORLDS, seed }, BUILT);

it("a world that runs alone has every language", () => {
  for (const world of ["external", "embedded"] as const) expect(languages(world, 7)).toEqual(BUILT);
  for (const world of WORLDS) expect(languages(world, 7, true)).toEqual(BUILT);
  expect(languagesOf("sentinel", { long: false, worlds: ["sentinel"], seed: 7 }, BUILT)).toEqual(
    BUILT,
  );
});

it("of worlds that run at the same time one has one language, by each seed", () => {
  for (const seed of [0, 1, 2, 3, 4_711]) {
    expect(LIGHT.flatMap((world) => languages(world, seed))).toHaveLength(1);
  }
});

it("over the seeds each world has had each language", () => {
  for (const world of LIGHT) {
    const seen = Array.from({ length: 9 }, (_, seed) => languages(world, seed)).flat();
    expect(seen.toSorted()).toEqual(BUILT);
  }
});

it("where no language has its tools there is none", () => {
  expect(languagesOf("sentinel", { long: false, worlds: WORLDS, seed: 1 }, [])).toEqual([]);
});
