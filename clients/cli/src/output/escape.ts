/** Controls, formats such as bidirectional marks, separators of lines, and halves of characters. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Returns the text with characters that could control the terminal as `\n`, `\x1b` or `\u202e`. On one line. */
export function escaped(text: string): string {
  return text.replaceAll(UNSAFE, escapeOf);
}

/** The same, but line feeds and tabs stay: for payloads and stack traces. */
export function escapedLines(text: string): string {
  return text
    .replaceAll("\r\n", "\n")
    .replaceAll(UNSAFE, (found) => (found === "\n" || found === "\t" ? found : escapeOf(found)));
}

/** Returns JSON that is safe to print: the same values, with these characters as `\uXXXX`. */
export function escapedJson(json: string): string {
  return escapedUnits(json, (found) => found === "\n");
}

function escapedUnits(text: string, stays: (found: string) => boolean): string {
  return text.replaceAll(UNSAFE, (found) => (stays(found) ? found : unitsOf(found)));
}

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function escapeOf(found: string): string {
  const short = SHORT[found];
  if (short !== undefined) return short;
  const code = found.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : unitsOf(found);
}

function unitsOf(found: string): string {
  return Array.from({ length: found.length }, (_, at) => {
    return `\\u${found.charCodeAt(at).toString(16).padStart(4, "0")}`;
  }).join("");
}
