import { expect, it } from "vitest";
import { languagesOf } from "./languages.ts";
import type { EnvironmentName } from "./rig/environment.ts";

const WORLDS: readonly EnvironmentName[] = [
  "external",
  "everysec",
  "embedded",
  "sentinel",
  "replicas",
];
/** Those that run at the same time. */
const LIGHT: readonly EnvironmentName[] = ["everysec", "sentinel", "replicas"];
const BUILT = ["go", "java", "rust"];

const languages = (environment: EnvironmentName, seed: number, long = false) =>
  languagesOf(environment, { long, environments: WORLDS, seed }, BUILT);

it("a environment that runs alone has every language", () => {
  for (const environment of ["external", "embedded"] as const)
    expect(languages(environment, 7)).toEqual(BUILT);
  for (const environment of WORLDS) expect(languages(environment, 7, true)).toEqual(BUILT);
  expect(
    languagesOf("sentinel", { long: false, environments: ["sentinel"], seed: 7 }, BUILT),
  ).toEqual(BUILT);
});

it("of environments that run at the same time one has one language, by each seed", () => {
  for (const seed of [0, 1, 2, 3, 4_711]) {
    expect(LIGHT.flatMap((environment) => languages(environment, seed))).toHaveLength(1);
  }
});

it("over the seeds each environment has had each language", () => {
  for (const environment of LIGHT) {
    const seen = Array.from({ length: 9 }, (_, seed) => languages(environment, seed)).flat();
    expect(seen.toSorted()).toEqual(BUILT);
  }
});

it("where no language has its tools there is none", () => {
  expect(languagesOf("sentinel", { long: false, environments: WORLDS, seed: 1 }, [])).toEqual([]);
});
