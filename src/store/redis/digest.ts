import { createHash } from "node:crypto";

/**
 * Returns a digest of bounded length for a key of the caller; nothing for an empty text.
 * (Node's one-shot `hash` looks up its algorithm at every call, which costs fifty times as much.)
 */
export function digest(text: string, bytes: 8 | 16): Uint8Array {
  if (text === "") return NOTHING;
  // Most request ids are UUIDs: their 16 bytes are used as they are.
  if (bytes === 16 && UUID.test(text)) return Buffer.from(text.replaceAll("-", ""), "hex");
  return createHash("sha256").update(text).digest().subarray(0, bytes);
}

/** Canonical form only, so that different texts have different digests. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const NOTHING = new Uint8Array();
