import type { SeededRandom } from "../support/random.ts";
import type { FaultKind } from "./kinds/kind.ts";
import { mayMeet } from "./pairs.ts";
import type { Environment } from "./rig/environment.ts";

export interface PlannedKind<W extends Environment> {
  readonly kind: FaultKind<W>;
  /** How long after the first of its pair it begins: during that one, or during its recovery. */
  readonly afterMs: number;
}

/** What happens at a time: one fault, or one and another that comes soon after. */
export type PlannedFault<W extends Environment> = readonly [PlannedKind<W>, ...PlannedKind<W>[]];

export interface PlanOptions {
  /** Kinds that come so often, and not by chance; some with another beside them. */
  readonly fixed: ReadonlyMap<string, number>;
  /** Of `eachOnce`: how many pairs come beside the kinds. */
  readonly pairs: number;
}

/** How often a second fault comes after the first, by chance. */
const PAIR_CHANCE = 0.4;
/** A second one begins this long after the first at most. */
const MOST_AFTER_MS = 2_000;

/** Each kind once, and some pairs beside, in a random order. */
export function eachOnce<W extends Environment>(
  kinds: readonly FaultKind<W>[],
  random: SeededRandom,
  { fixed, pairs }: PlanOptions,
): PlannedFault<W>[] {
  const free = freeOf(kinds, fixed);
  const canMeet = free.filter((kind) => free.some((other) => mayMeet(kind, other)));
  const planned = [...free.map(alone), ...fixedOf(kinds, free, random, fixed)];
  for (let n = 0; n < pairs && canMeet.length > 0; n++) {
    planned.push(withAnother(random.pick(canMeet), free, random));
  }
  return random.shuffled(planned);
}

/** `count` faults by chance, some in pairs. */
export function atRandom<W extends Environment>(
  kinds: readonly FaultKind<W>[],
  count: number,
  random: SeededRandom,
  { fixed }: Pick<PlanOptions, "fixed">,
): PlannedFault<W>[] {
  const free = freeOf(kinds, fixed);
  const planned = fixedOf(kinds, free, random, fixed);
  for (let left = count - planned.flat().length; left > 0 && free.length > 0; ) {
    const first = random.pick(free);
    const isPair = left > 1 && random.chance(PAIR_CHANCE);
    const fault = isPair ? withAnother(first, free, random) : alone(first);
    planned.push(fault);
    left -= fault.length;
  }
  return random.shuffled(planned);
}

function freeOf<W extends Environment>(
  kinds: readonly FaultKind<W>[],
  fixed: PlanOptions["fixed"],
) {
  return kinds.filter(({ name }) => !fixed.has(name));
}

function fixedOf<W extends Environment>(
  kinds: readonly FaultKind<W>[],
  free: readonly FaultKind<W>[],
  random: SeededRandom,
  fixed: PlanOptions["fixed"],
): PlannedFault<W>[] {
  return kinds.flatMap((kind) =>
    Array.from({ length: fixed.get(kind.name) ?? 0 }, () =>
      random.chance(PAIR_CHANCE) ? withAnother(kind, free, random) : alone(kind),
    ),
  );
}

function alone<W extends Environment>(kind: FaultKind<W>): PlannedFault<W> {
  return [{ kind, afterMs: 0 }];
}

/** Alone if nothing can be beside it. */
function withAnother<W extends Environment>(
  kind: FaultKind<W>,
  kinds: readonly FaultKind<W>[],
  random: SeededRandom,
): PlannedFault<W> {
  const others = kinds.filter((other) => mayMeet(kind, other));
  if (others.length === 0) return alone(kind);
  const second = { kind: random.pick(others), afterMs: random.between(0, MOST_AFTER_MS) };
  return [{ kind, afterMs: 0 }, second];
}
