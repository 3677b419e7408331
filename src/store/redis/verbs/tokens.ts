import type { LeaseTokenParts } from "../../../core/lease-token.ts";

/** Numbers as in lua/lib/tokens.lua. */
const STATUSES = ["APPLIED", "LEASE_LOST", "NOT_FOUND"] as const;
type TokenStatus = (typeof STATUSES)[number];

/** A token as the scripts' arguments. */
export function lease(token: LeaseTokenParts) {
  return { id: token.messageId, delivery: token.deliveryNumber, nonce: token.nonce };
}

export function tokenStatus(n: number): TokenStatus {
  const status = STATUSES[n - 1];
  if (status === undefined) throw new Error(`the store answered with an unknown status ${n}`);
  return status;
}
