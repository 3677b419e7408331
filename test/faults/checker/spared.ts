import { GUARDED_QUEUE } from "../history/lanes.ts";
import { OUTCOME_KINDS } from "../history/shape.ts";
import { CLOCK_TOLERANCE_MS } from "./clock.ts";
import type { AppliedOutcome, Delivery } from "./delivery.ts";
import type { Message } from "./ledger.ts";

/** The shortest delay that producers ask for, with the most that jitter takes off. */
const LEAST_DELAY_MS = 50;

/** Whether a breaker of this message's may have kept a failure from being counted. */
export function isGuarded({ source }: Message): boolean {
  return source.queue === GUARDED_QUEUE;
}

export type Counted = "yes" | "no" | "perhaps";

/**
 * Whether a failure that was applied was counted as an attempt. One that a breaker has spared is due again
 * at once; between the two lies how long the call took.
 */
export function isCounted(message: Message, { state, dueAt, from, to }: AppliedOutcome): Counted {
  if (!isGuarded(message) || state !== "SCHEDULED") return "yes";
  if (dueAt > to + CLOCK_TOLERANCE_MS) return "yes";
  return dueAt < from + LEAST_DELAY_MS - CLOCK_TOLERANCE_MS ? "no" : "perhaps";
}

/** The same of a delivery whose applied outcome, if any, is a failure. */
export function failureCounted(message: Message, { applied }: Delivery): Counted | undefined {
  if (applied?.kind !== OUTCOME_KINDS.failed) return undefined;
  return isCounted(message, applied);
}
