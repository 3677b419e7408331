import { createHash } from "node:crypto";

/**
 * A short stand-in for a key of the caller's: equal for equal texts, and bounded. Empty: none.
 * (Node's one-shot `hash` looks its algorithm up at every call, which costs fifty times as much.)
 */
export function digest(text: string, bytes: 8 | 16): Uint8Array {
  if (text === "") return NOTHING;
  return createHash("sha256").update(text).digest().subarray(0, bytes);
}

const NOTHING = new Uint8Array();
