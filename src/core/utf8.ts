/** UTF-8 bytes of a text, which is what every limit of the contract counts. */
export function utf8Bytes(text: string): number {
  return Buffer.byteLength(text, "utf8");
}

/** Whether a text is longer than `maxBytes`; most texts are so short that nobody has to count. */
export function exceedsUtf8(text: string, maxBytes: number): boolean {
  // One UTF-16 unit is at most three bytes, and never less than one.
  if (text.length * 3 <= maxBytes) return false;
  return text.length > maxBytes || utf8Bytes(text) > maxBytes;
}

/** The longest beginning of a text that fits into `maxBytes` and ends between two characters. */
export function cutUtf8(text: string, maxBytes: number): string {
  if (!exceedsUtf8(text, maxBytes)) return text;
  // No more units than bytes can fit, so the rest of a very long text is never encoded.
  const bytes = Buffer.from(text.slice(0, maxBytes + 1), "utf8");
  let end = Math.min(maxBytes, bytes.length);
  // Continuation bytes are 10xxxxxx: step back to the start of the character that is cut.
  while (end > 0 && end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString("utf8", 0, end);
}
