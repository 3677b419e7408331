import { createHash } from "node:crypto";
import type { RetryCursor } from "../../app/commands.ts";
import type { MessageFilter } from "../../core/message.ts";
import { MESSAGE_ID_BYTES } from "../../core/message-id.ts";

/**
 * The page token of Retry, opaque to callers. It says where the next call continues, so that any server can read it. The
 * digest binds it to one queue and filter: their `expected_count` was checked, that of others was not.
 *
 * It is not a signature. A caller who makes a token skips that check, which prevents mistakes and protects nothing: the same
 * caller may read the count from Stats, or retry messages by id. A key would be one more secret that all servers must share.
 *
 * Bytes: version (1), digest of queue and filter (8), start of the first call (6), messages that remain (4), index (1),
 * score (6), message id (16). Text: base64url without padding.
 */
const VERSION = 1;
const DIGEST_BYTES = 8;
const FACTS_AT = 1 + DIGEST_BYTES;
const TOKEN_BYTES = FACTS_AT + 17 + MESSAGE_ID_BYTES;

export function encodeRetryToken(
  queue: string,
  filter: MessageFilter,
  { place, startedAtMs, remaining }: RetryCursor,
): string {
  const bytes = Buffer.alloc(TOKEN_BYTES);
  bytes.writeUInt8(VERSION, 0);
  bytes.set(digest(queue, filter), 1);
  bytes.writeUIntBE(startedAtMs, FACTS_AT, 6);
  bytes.writeUInt32BE(remaining, FACTS_AT + 6);
  bytes.writeUInt8(place.index, FACTS_AT + 10);
  bytes.writeUIntBE(place.score, FACTS_AT + 11, 6);
  bytes.set(place.id, FACTS_AT + 17);
  return bytes.toString("base64url");
}

/** Returns undefined for any text that `encodeRetryToken` does not write for this queue and filter. */
export function decodeRetryToken(
  queue: string,
  filter: MessageFilter,
  text: string,
): RetryCursor | undefined {
  const bytes = Buffer.from(text, "base64url");
  if (bytes.length !== TOKEN_BYTES || bytes.toString("base64url") !== text) return undefined;
  if (bytes.readUInt8(0) !== VERSION) return undefined;
  if (!bytes.subarray(1, FACTS_AT).equals(digest(queue, filter))) return undefined;
  const startedAtMs = bytes.readUIntBE(FACTS_AT, 6);
  const remaining = bytes.readUInt32BE(FACTS_AT + 6);
  const index = bytes.readUInt8(FACTS_AT + 10);
  const score = bytes.readUIntBE(FACTS_AT + 11, 6);
  const id = Uint8Array.from(bytes.subarray(FACTS_AT + 17));
  if (startedAtMs === 0 || remaining === 0) return undefined;
  return { place: { index, score, id }, startedAtMs, remaining };
}

function digest(queue: string, filter: MessageFilter): Buffer {
  const sets = [filter.states, filter.reasons, filter.quarantineReasons];
  const text = JSON.stringify([queue, ...sets.map((values) => [...new Set(values)].toSorted())]);
  return createHash("sha256").update(text).digest().subarray(0, DIGEST_BYTES);
}
