import type { SeededRandom } from "../support/random.ts";
import type { FaultKind } from "./kinds/kind.ts";
import type { World } from "./rig/world.ts";

/** What happens at a time: one fault, or two that touch different parts. */
export type PlannedFault<W extends World> = readonly [FaultKind<W>, ...FaultKind<W>[]];

/** Each kind once, in a random order. */
export function eachOnce<W extends World>(
  kinds: readonly FaultKind<W>[],
  random: SeededRandom,
): PlannedFault<W>[] {
  return random.shuffled(kinds).map((kind) => [kind]);
}

/** How often a second fault comes beside the first. */
const PAIR_CHANCE = 0.3;

/**
 * `count` faults by chance, some two at a time. Kinds of `fixed` come as often as it says and are not
 * chosen otherwise.
 */
export function atRandom<W extends World>(
  kinds: readonly FaultKind<W>[],
  count: number,
  random: SeededRandom,
  fixed: ReadonlyMap<string, number> = new Map(),
): PlannedFault<W>[] {
  const free = kinds.filter(({ name }) => !fixed.has(name));
  const planned = kinds.flatMap((kind) =>
    Array.from({ length: fixed.get(kind.name) ?? 0 }, (): PlannedFault<W> => [kind]),
  );
  for (let left = count - planned.length; left > 0; ) {
    const first = random.pick(free);
    const others = free.filter(({ touches }) => apart(touches, first.touches));
    const isPair = left > 1 && others.length > 0 && random.chance(PAIR_CHANCE);
    planned.push(isPair ? [first, random.pick(others)] : [first]);
    left -= isPair ? 2 : 1;
  }
  return random.shuffled(planned);
}

function apart(a: readonly string[], b: readonly string[]): boolean {
  return !a.some((part) => b.includes(part));
}
