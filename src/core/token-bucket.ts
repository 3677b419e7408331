/** A token bucket as it is stored. Full buckets are not stored. */
export interface TokenBucket {
  /** Below 1, nothing may happen. */
  tokens: number;
  /** When the bucket held these tokens, by the store's clock. */
  atMs: number;
}

/** Returns the milliseconds until a whole token is there; 0: it is there. */
export function nextTokenInMs(
  bucket: TokenBucket | undefined,
  perSecond: number,
  nowMs: number,
): number {
  // A rate of 0 means no limit.
  if (bucket === undefined || perSecond === 0) return 0;
  const missing = 1 - bucket.tokens;
  return Math.max(0, Math.ceil((missing * 1000) / perSecond) - Math.max(0, nowMs - bucket.atMs));
}
