import type { Delivery } from "./delivery.ts";

/**
 * Returns the times between which a rollback must have undone a write, if a delivery ignores the outcome of an
 * earlier one: the write of the outcome, or of the delivery if the outcome came later.
 */
export function forgottenOf(
  delivery: Pick<Delivery, "issuedAt" | "at">,
  applied: { readonly from: number; readonly to: number },
): [fromMs: number, toMs: number] {
  const isLate = delivery.at < applied.from;
  return isLate ? [delivery.issuedAt, delivery.at] : [applied.from, applied.to];
}
