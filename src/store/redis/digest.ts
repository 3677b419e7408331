import { createHash } from "node:crypto";

/**
 * A short stand-in for a key of the caller's: equal for equal texts, and bounded. Empty: none.
 * (Node's one-shot `hash` looks its algorithm up at every call, which costs fifty times as much.)
 */
export function digest(text: string, bytes: 8 | 16): Uint8Array {
  if (text === "") return NOTHING;
  // Most ids of requests are UUIDs, which are their 16 bytes already.
  if (bytes === 16 && UUID.test(text)) return Buffer.from(text.replaceAll("-", ""), "hex");
  return createHash("sha256").update(text).digest().subarray(0, bytes);
}

/** Canonical only: one id has one spelling, so that unequal texts stay unequal. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const NOTHING = new Uint8Array();
