import { groupsOf } from "./forms.ts";
import type { Options } from "./options.ts";
import type { WorldName } from "./rig/world.ts";

/**
 * Whose built actors a world has, beside those in TypeScript and Python that each world has. A world
 * that runs alone has them all, and so every run of the whole suite has. Of worlds that run at the
 * same time one has one of them, another one by another seed: with more of them, three worlds are
 * more than two cores can bear, and what takes its time is no fault of the service.
 */
export function languagesOf(
  world: WorldName,
  options: Pick<Options, "long" | "worlds" | "seed">,
  languages: readonly string[],
): readonly string[] {
  const group = groupsOf(options).find((worlds) => worlds.includes(world)) ?? [world];
  if (group.length === 1) return languages;
  const { seed } = options;
  if (group[seed % group.length] !== world) return [];
  const turn = Math.floor(seed / group.length) % languages.length;
  return languages.slice(turn, turn + 1);
}
