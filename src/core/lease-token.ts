import { MESSAGE_ID_BYTES } from "./message-id.ts";
import { QUEUE_NAME } from "./settings.ts";

/**
 * The proof of a lease, opaque to workers. It names the queue, so that any server finds the message
 * from the token alone. The nonce makes it unguessable and unique.
 *
 * Bytes: version (1), length of the queue name (1), queue name, message id (16), delivery number
 * (4, big endian), nonce (16). Text: base64url without padding.
 */
export interface LeaseTokenParts {
  queue: string;
  /** 16 bytes. */
  messageId: Uint8Array;
  /** Counts every delivery of the message; an unsigned 32-bit number. */
  deliveryNumber: number;
  /** 16 random bytes. */
  nonce: Uint8Array;
}

const VERSION = 1;
const NONCE_BYTES = 16;
const HEAD_BYTES = 2;
const TAIL_BYTES = MESSAGE_ID_BYTES + 4 + NONCE_BYTES;
const LONGEST_BYTES = HEAD_BYTES + 128 + TAIL_BYTES;

/** Length of the longest valid token, in characters. */
export const LEASE_TOKEN_MAX_LENGTH = Math.ceil((LONGEST_BYTES * 4) / 3);

/** Throws a RangeError on parts that no lease has: a bug of the caller. */
export function encodeLeaseToken(parts: LeaseTokenParts): string {
  const { queue, messageId, deliveryNumber, nonce } = parts;
  if (!QUEUE_NAME.test(queue)) throw new RangeError(`not a queue name: ${JSON.stringify(queue)}`);
  if (messageId.length !== MESSAGE_ID_BYTES) throw new RangeError("a message id has 16 bytes");
  if (nonce.length !== NONCE_BYTES) throw new RangeError("a nonce has 16 bytes");
  const bytes = Buffer.alloc(HEAD_BYTES + queue.length + TAIL_BYTES);
  bytes.writeUInt8(VERSION, 0);
  bytes.writeUInt8(queue.length, 1);
  let at = HEAD_BYTES + bytes.write(queue, HEAD_BYTES, "latin1");
  bytes.set(messageId, at);
  at += MESSAGE_ID_BYTES;
  at = bytes.writeUInt32BE(deliveryNumber, at);
  bytes.set(nonce, at);
  return bytes.toString("base64url");
}

/** Returns undefined for any text that `encodeLeaseToken` would not write exactly so. */
export function decodeLeaseToken(text: string): LeaseTokenParts | undefined {
  if (text.length > LEASE_TOKEN_MAX_LENGTH) return undefined;
  const bytes = Buffer.from(text, "base64url");
  // Node ignores invalid characters, padding and stray bits; encoding again finds them.
  if (bytes.toString("base64url") !== text) return undefined;
  if (bytes.length < HEAD_BYTES || bytes.readUInt8(0) !== VERSION) return undefined;
  const queueEnd = HEAD_BYTES + bytes.readUInt8(1);
  if (bytes.length !== queueEnd + TAIL_BYTES) return undefined;
  const queue = bytes.toString("latin1", HEAD_BYTES, queueEnd);
  if (!QUEUE_NAME.test(queue)) return undefined;
  const idEnd = queueEnd + MESSAGE_ID_BYTES;
  return {
    queue,
    // Copies, because `bytes` may be part of a pool that a longer-lived view would keep in memory.
    messageId: Uint8Array.from(bytes.subarray(queueEnd, idEnd)),
    deliveryNumber: bytes.readUInt32BE(idEnd),
    nonce: Uint8Array.from(bytes.subarray(idEnd + 4)),
  };
}
