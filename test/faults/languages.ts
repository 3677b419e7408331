import { groupsOf } from "./forms.ts";
import type { Options } from "./options.ts";
import type { EnvironmentName } from "./rig/environment.ts";

/**
 * Whose built actors a environment has, beside those in TypeScript and Python that each environment has. A environment
 * that runs alone has them all, and so every run of the whole suite has. Of environments that run at the
 * same time one has one of them, another one by another seed: with more of them, three environments are
 * more than two cores can bear, and what takes its time is no fault of the service.
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
