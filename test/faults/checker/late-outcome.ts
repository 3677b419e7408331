import type { Delivery } from "./delivery.ts";

/**
 * A delivery that knows nothing of an earlier one's outcome: what a rollback must have forgotten of the two,
 * by when it was written. The outcome; but where that was reported only later, the delivery itself.
 */
export function forgottenOf(
  delivery: Pick<Delivery, "issuedAt" | "at">,
  applied: { readonly from: number; readonly to: number },
): [fromMs: number, toMs: number] {
  const isLate = delivery.at < applied.from;
  return isLate ? [delivery.issuedAt, delivery.at] : [applied.from, applied.to];
}
