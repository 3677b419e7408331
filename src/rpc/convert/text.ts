import { exceedsUtf8, utf8Bytes } from "../../core/utf8.ts";
import type { Violations } from "./violations.ts";

export { exceedsUtf8, utf8Bytes };

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

export function checkText(v: Violations, field: string, text: string, maxBytes: number): void {
  if (text !== "" && exceedsUtf8(text, maxBytes)) {
    v.add(field, `is ${utf8Bytes(text)} bytes long; at most ${maxBytes} are allowed`);
  }
}
