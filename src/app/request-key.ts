import { createHash } from "node:crypto";

const NOT_IDEMPOTENT = new Uint8Array();

/**
 * Under what an answer is remembered: the caller's request id and the part of the request that
 * the answer is for. Without a request id nothing is remembered.
 */
export function requestKey(requestId: string, ...part: readonly (string | number)[]): Uint8Array {
  if (requestId === "") return NOT_IDEMPOTENT;
  const text = [requestId, ...part].join("\n");
  return createHash("sha256").update(text).digest().subarray(0, 16);
}
