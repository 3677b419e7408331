import type { LeaseTokenParts } from "../../../core/lease-token.ts";
import { Packed } from "../packed.ts";

/** Numbers as in lua/lib/tokens.lua. */
const STATUSES = ["APPLIED", "LEASE_LOST", "NOT_FOUND"] as const;
type TokenStatus = (typeof STATUSES)[number];

export const TOKEN_BYTES = 16 + 4 + 16;

/** A token as an argument of the scripts, or its beginning: lua/lib/tokens.lua, TOKEN_FORMAT. */
export function packToken(token: LeaseTokenParts, extraBytes = 0): Packed {
  return new Packed(TOKEN_BYTES + extraBytes)
    .padded(token.messageId, 16)
    .u32(token.deliveryNumber)
    .padded(token.nonce, 16);
}

export function tokenStatus(n: number): TokenStatus {
  const status = STATUSES[n - 1];
  if (status === undefined) throw new Error(`the store answered with an unknown status ${n}`);
  return status;
}
