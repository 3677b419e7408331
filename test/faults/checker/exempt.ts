import { GUARDED_QUEUE } from "../history/guarded-facts.ts";
import { OUTCOME_KINDS } from "../history/shape.ts";
import { CLOCK_TOLERANCE_MS } from "./clock.ts";
import type { AppliedOutcome, Delivery } from "./delivery.ts";

/** The shortest retry delay of the suite after jitter. */
const MIN_DELAY_MS = 50;

/** Reports whether a failure of this delivery may have been exempt because of a breaker. */
export function isGuarded({ queue }: Delivery): boolean {
  return queue === GUARDED_QUEUE;
}

export type Counted = "yes" | "no" | "perhaps";

/**
 * Reports whether an applied failure counted as an attempt. An exempt failure is due again at once. If the call
 * took longer than the shortest delay, both are possible.
 */
function isCounted(one: Delivery, { state, dueAt, from, to }: AppliedOutcome): Counted {
  if (!isGuarded(one) || state !== "SCHEDULED") return "yes";
  if (dueAt > to + CLOCK_TOLERANCE_MS) return "yes";
  return dueAt < from + MIN_DELAY_MS - CLOCK_TOLERANCE_MS ? "no" : "perhaps";
}

/** The same for a delivery; undefined unless a failure was applied. */
export function failureCounted(one: Delivery): Counted | undefined {
  const { applied } = one;
  if (applied?.kind !== OUTCOME_KINDS.failed) return undefined;
  return isCounted(one, applied);
}
