import { groupsOf } from "./forms.ts";
import type { Options } from "./options.ts";
import type { EnvironmentName } from "./rig/environment.ts";

/**
 * Returns the languages of the built actors in an environment; TypeScript and Python are in all. An environment that runs
 * by itself has all languages. Of environments that run at the same time, one has one language, chosen by the seed:
 * with more actors, two cores would be too slow for the deadlines of the suite.
 */
export function languagesOf(
  environment: EnvironmentName,
  options: Pick<Options, "long" | "environments" | "seed">,
  languages: readonly string[],
): readonly string[] {
  const group = groupsOf(options).find((environments) => environments.includes(environment)) ?? [
    environment,
  ];
  if (group.length === 1) return languages;
  const { seed } = options;
  if (group[seed % group.length] !== environment) return [];
  const turn = Math.floor(seed / group.length) % languages.length;
  return languages.slice(turn, turn + 1);
}
