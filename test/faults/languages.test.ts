import { expect, it } from "vitest";
import { languagesOf } from "./languages.ts";
import type { EnvironmentName } from "./rig/environment.ts";

const ENVIRONMENTS: readonly EnvironmentName[] = [
  "external",
  "everysec",
  "embedded",
  "sentinel",
  "replicas",
];
/** Environments that run at the same time. */
const LIGHT: readonly EnvironmentName[] = ["everysec", "sentinel", "replicas"];
const BUILT = ["go", "java", "rust"];

const languages = (environment: EnvironmentName, seed: number, long = false) =>
  languagesOf(environment, { long, environments: ENVIRONMENTS, seed }, BUILT);

it("an environment that runs by itself has every language", () => {
  for (const environment of ["external", "embedded"] as const)
    expect(languages(environment, 7)).toEqual(BUILT);
  for (const environment of ENVIRONMENTS) expect(languages(environment, 7, true)).toEqual(BUILT);
  expect(
    languagesOf("sentinel", { long: false, environments: ["sentinel"], seed: 7 }, BUILT),
  ).toEqual(BUILT);
});

it("of environments that run at the same time, one has one language", () => {
  for (const seed of [0, 1, 2, 3, 4_711]) {
    expect(LIGHT.flatMap((environment) => languages(environment, seed))).toHaveLength(1);
  }
});

it("the seeds give each environment each language", () => {
  for (const environment of LIGHT) {
    const seen = Array.from({ length: 9 }, (_, seed) => languages(environment, seed)).flat();
    expect(seen.toSorted()).toEqual(BUILT);
  }
});

it("without built actors there is no language", () => {
  expect(languagesOf("sentinel", { long: false, environments: ENVIRONMENTS, seed: 1 }, [])).toEqual(
    [],
  );
});
