import { CLOCK_TOLERANCE_MS } from "./clock.ts";
import type { Delivery } from "./delivery.ts";

/**
 * Returns the times between which a rollback must have undone a write, if a delivery ignores the outcome of an
 * earlier one: the write of the outcome, or of the delivery if the outcome was sent later. When its worker got the
 * delivery says nothing: a busy machine may keep it for seconds.
 */
export function forgottenOf(
  { issuedAt }: Pick<Delivery, "issuedAt">,
  applied: { readonly from: number; readonly to: number },
): [fromMs: number, toMs: number] {
  const isLate = issuedAt + CLOCK_TOLERANCE_MS < applied.from;
  return isLate ? [issuedAt, issuedAt + CLOCK_TOLERANCE_MS] : [applied.from, applied.to];
}
