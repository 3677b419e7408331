/**
 * Characters that break lines, control the terminal, or are invisible or reorder what follows:
 * controls (C0, C1), formats (such as bidirectional marks and tags) and separators of lines.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Reports whether `escapeUnsafe` would change the text. */
export function isUnsafe(text: string): boolean {
  return text.search(UNSAFE) >= 0;
}

/** Returns text of JSON with its unsafe characters as `\uXXXX`: the same values. */
export function escapeUnsafe(json: string): string {
  return json.replaceAll(UNSAFE, (character) =>
    // Those beyond U+FFFF are two units.
    [...Array(character.length).keys()]
      .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}
