import { cutUtf8, exceedsUtf8, utf8Bytes } from "../../core/utf8.ts";
import type { Violations } from "./violations.ts";

export { cutUtf8, exceedsUtf8, utf8Bytes };

export function checkText(v: Violations, field: string, text: string, maxBytes: number): void {
  if (text !== "" && exceedsUtf8(text, maxBytes)) {
    v.add(field, `is ${utf8Bytes(text)} bytes long; at most ${maxBytes} are allowed`);
  }
}
