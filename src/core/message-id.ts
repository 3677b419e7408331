/**
 * A message's id: 16 bytes in storage and tokens, canonical UUID text (lower case, hyphens)
 * elsewhere. Only canonical text is accepted, so that an id has one spelling in logs, keys and
 * requests.
 */
export const MESSAGE_ID_BYTES = 16;

const CANONICAL = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Reused: ids are written for each event and delivery, and joining slices makes ten short-lived strings. */
const TEXT = Buffer.alloc(36);
const DIGITS = Buffer.from("0123456789abcdef");
const HYPHEN = "-".charCodeAt(0);
/** Indexes of bytes that follow a hyphen. */
const HYPHENS = new Set([4, 6, 8, 10]);

export function formatMessageId(bytes: Uint8Array): string {
  if (bytes.length !== MESSAGE_ID_BYTES) {
    throw new RangeError(`a message id has ${MESSAGE_ID_BYTES} bytes, not ${bytes.length}`);
  }
  let to = 0;
  for (let at = 0; at < MESSAGE_ID_BYTES; at++) {
    if (HYPHENS.has(at)) TEXT[to++] = HYPHEN;
    const byte = bytes[at] as number;
    TEXT[to++] = DIGITS[byte >> 4] as number;
    TEXT[to++] = DIGITS[byte & 15] as number;
  }
  return TEXT.toString("latin1");
}

/** Whether an id in a state change is one of a message: zeros are of none. */
export function isOfMessage({ id }: { readonly id: Uint8Array }): boolean {
  return id.some((byte) => byte !== 0);
}

/** Returns undefined unless the text is a canonical UUID, of any version and variant. */
export function parseMessageId(text: string): Uint8Array | undefined {
  if (text.length !== 36 || !CANONICAL.test(text)) return undefined;
  return Uint8Array.from(Buffer.from(text.replaceAll("-", ""), "hex"));
}

/** When the message was accepted: a UUIDv7 begins with this time. */
export function createdAtMs(id: Uint8Array): number {
  let ms = 0;
  for (let at = 0; at < 6; at++) ms = ms * 256 + (id[at] ?? 0);
  return ms;
}
