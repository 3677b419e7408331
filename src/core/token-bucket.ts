/** What is left of what may only happen so often, as it is stored: full buckets are not. */
export interface TokenBucket {
  /** Below 1 nothing may happen. */
  tokens: number;
  /** When that was so, by the store's clock. */
  atMs: number;
}

/** Until there is a whole token, in milliseconds; 0: there is one. */
export function nextTokenInMs(
  bucket: TokenBucket | undefined,
  perSecond: number,
  nowMs: number,
): number {
  // 0 is no limit.
  if (bucket === undefined || perSecond === 0) return 0;
  const missing = 1 - bucket.tokens;
  return Math.max(0, Math.ceil((missing * 1000) / perSecond) - Math.max(0, nowMs - bucket.atMs));
}
