import { groupsOf } from "./forms.ts";
import type { Options } from "./options.ts";
import type { WorldName } from "./rig/world.ts";

/**
 * Whose built actors a world has, beside those in TypeScript and Python that each world has. A world
 * that runs alone has them all; those that run at the same time share them, in turns by the seed, so
 * that the machine never has more than one producer and one worker of a language at once (a JVM is
 * large), and every run has every language.
 */
export function languagesOf(
  world: WorldName,
  options: Pick<Options, "long" | "worlds" | "seed">,
  languages: readonly string[],
): readonly string[] {
  const group = groupsOf(options).find((worlds) => worlds.includes(world)) ?? [world];
  const turn = group.indexOf(world);
  return languages.filter((_, at) => (at + options.seed) % group.length === turn);
}
