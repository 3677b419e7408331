import type { SeededRandom } from "../support/random.ts";
import type { FaultKind } from "./kinds/kind.ts";
import { mayMeet } from "./pairs.ts";
import type { Environment } from "./rig/environment.ts";

export interface PlannedKind<W extends Environment> {
  readonly kind: FaultKind<W>;
  /** Start after the first of its pair, ms: during that fault or its recovery. */
  readonly afterMs: number;
}

/** One fault, or a pair whose second fault starts soon after the first. */
export type PlannedFault<W extends Environment> = readonly [PlannedKind<W>, ...PlannedKind<W>[]];

export interface PlanOptions {
  /** Kind -> how often it comes. Such kinds are not chosen at random. Some are in pairs. */
  readonly fixed: ReadonlyMap<string, number>;
  /** For `eachOnce`: the number of extra pairs. */
  readonly pairs: number;
}

/** Probability of a second fault. */
const PAIR_CHANCE = 0.4;
/** The latest start of a second fault. */
const MAX_AFTER_MS = 2_000;

/** Returns each kind once, and some pairs, in random order. */
export function eachOnce<W extends Environment>(
  kinds: readonly FaultKind<W>[],
  random: SeededRandom,
  { fixed, pairs }: PlanOptions,
): PlannedFault<W>[] {
  const free = freeOf(kinds, fixed);
  const canMeet = free.filter((kind) => free.some((other) => mayMeet(kind, other)));
  const planned = [...free.map(single), ...fixedOf(kinds, free, random, fixed)];
  for (let n = 0; n < pairs && canMeet.length > 0; n++) {
    planned.push(withAnother(random.pick(canMeet), free, random));
  }
  return random.shuffled(planned);
}

/** Returns `count` random faults, some in pairs. */
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
    const fault = isPair ? withAnother(first, free, random) : single(first);
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
      random.chance(PAIR_CHANCE) ? withAnother(kind, free, random) : single(kind),
    ),
  );
}

function single<W extends Environment>(kind: FaultKind<W>): PlannedFault<W> {
  return [{ kind, afterMs: 0 }];
}

/** Returns a pair, or a single fault if no other kind may meet it. */
function withAnother<W extends Environment>(
  kind: FaultKind<W>,
  kinds: readonly FaultKind<W>[],
  random: SeededRandom,
): PlannedFault<W> {
  const others = kinds.filter((other) => mayMeet(kind, other));
  if (others.length === 0) return single(kind);
  const second = { kind: random.pick(others), afterMs: random.between(0, MAX_AFTER_MS) };
  return [{ kind, afterMs: 0 }, second];
}
