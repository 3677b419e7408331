import { expect, it } from "vitest";
import { groupsOf } from "./forms.ts";
import { languagesOf } from "./languages.ts";
import type { WorldName } from "./rig/world.ts";

const WORLDS: readonly WorldName[] = ["external", "everysec", "embedded", "sentinel", "replicas"];
const BUILT = ["go", "java", "rust"];

it.each([0, 1, 2, 3, 4_711])("worlds of one moment have each language once, by seed %i", (seed) => {
  const options = { long: false, worlds: WORLDS, seed };
  for (const worlds of groupsOf(options)) {
    const all = worlds.flatMap((world) => languagesOf(world, options, BUILT));
    expect(all.toSorted()).toEqual(BUILT);
  }
});

it("a world that runs beside others has another language by another seed", () => {
  const seen = [0, 1, 2].flatMap((seed) =>
    languagesOf("sentinel", { long: false, worlds: WORLDS, seed }, BUILT),
  );
  expect(seen.toSorted()).toEqual(BUILT);
});

it("in the long form every world has all of them", () => {
  const options = { long: true, worlds: WORLDS, seed: 7 };
  for (const world of WORLDS) expect(languagesOf(world, options, BUILT)).toEqual(BUILT);
});
