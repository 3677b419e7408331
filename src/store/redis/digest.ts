import { hash } from "node:crypto";

/** A short stand-in for a key of the caller's: equal for equal texts, and bounded. Empty: none. */
export function digest(text: string, bytes: 8 | 16): Uint8Array {
  if (text === "") return NOTHING;
  return hash("sha256", text, "buffer").subarray(0, bytes);
}

const NOTHING = new Uint8Array();
