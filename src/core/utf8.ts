/** The length of a text in UTF-8 bytes, the unit of all limits in the contract. */
export function utf8Bytes(text: string): number {
  return Buffer.byteLength(text, "utf8");
}

/** Reports whether a text is longer than `maxBytes`. Short texts need no counting. */
export function exceedsUtf8(text: string, maxBytes: number): boolean {
  // A UTF-16 unit has one to three bytes.
  if (text.length * 3 <= maxBytes) return false;
  return text.length > maxBytes || utf8Bytes(text) > maxBytes;
}

/** Returns the longest prefix that fits into `maxBytes` and does not split a character. */
export function cutUtf8(text: string, maxBytes: number): string {
  if (!exceedsUtf8(text, maxBytes)) return text;
  // At most `maxBytes` units fit, so the rest of a long text is not encoded.
  const bytes = Buffer.from(text.slice(0, maxBytes + 1), "utf8");
  let end = Math.min(maxBytes, bytes.length);
  // Continuation bytes are 10xxxxxx: go back to the start of the split character.
  while (end > 0 && end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString("utf8", 0, end);
}
