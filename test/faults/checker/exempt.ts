import { GUARDED_QUEUE } from "../history/guarded-facts.ts";
import { OUTCOME_KINDS } from "../history/shape.ts";
import { CLOCK_TOLERANCE_MS } from "./clock.ts";
import type { AppliedOutcome, Delivery } from "./delivery.ts";

/** The shortest delay that producers ask for, with the most that jitter takes off. */
const LEAST_DELAY_MS = 50;

/** Whether a breaker may have kept a failure of this delivery from being counted. */
export function isGuarded({ queue }: Delivery): boolean {
  return queue === GUARDED_QUEUE;
}

export type Counted = "yes" | "no" | "perhaps";

/**
 * Whether a failure that was applied was counted as an attempt. One that a breaker has exempt is due again
 * at once; between the two lies how long the call took.
 */
function isCounted(one: Delivery, { state, dueAt, from, to }: AppliedOutcome): Counted {
  if (!isGuarded(one) || state !== "SCHEDULED") return "yes";
  if (dueAt > to + CLOCK_TOLERANCE_MS) return "yes";
  return dueAt < from + LEAST_DELAY_MS - CLOCK_TOLERANCE_MS ? "no" : "perhaps";
}

/** The same of a delivery whose applied outcome, if any, is a failure. */
export function failureCounted(one: Delivery): Counted | undefined {
  const { applied } = one;
  if (applied?.kind !== OUTCOME_KINDS.failed) return undefined;
  return isCounted(one, applied);
}
