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
