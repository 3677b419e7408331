import { createHash } from "node:crypto";

const NOT_IDEMPOTENT = new Uint8Array();

/**
 * The key under which an answer is stored: a hash of the request id and the part of the request.
 * Empty without a request id: nothing is stored.
 */
export function requestKey(requestId: string, ...part: readonly (string | number)[]): Uint8Array {
  if (requestId === "") return NOT_IDEMPOTENT;
  const text = [requestId, ...part].join("\n");
  return createHash("sha256").update(text).digest().subarray(0, 16);
}
