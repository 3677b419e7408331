/**
 * A message's id: 16 bytes in storage and tokens, canonical UUID text (lower case, hyphens)
 * elsewhere. Only canonical text is accepted, so that an id has one spelling in logs, keys and
 * requests.
 */
export const MESSAGE_ID_BYTES = 16;

const CANONICAL = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function formatMessageId(bytes: Uint8Array): string {
  if (bytes.length !== MESSAGE_ID_BYTES) {
    throw new RangeError(`a message id has ${MESSAGE_ID_BYTES} bytes, not ${bytes.length}`);
  }
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
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
