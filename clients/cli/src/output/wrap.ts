import { widthOf } from "./width.ts";

/** Longer lines are hard to read. */
const MOST = 110;

/**
 * Breaks text between words.
 *
 * @param width of the terminal; undefined: nothing is broken
 * @param indent columns that the caller puts before each line
 */
export function wrapped(text: string, width: number | undefined, indent = 0): string[] {
  if (width === undefined) return [text];
  const most = Math.max(20, Math.min(MOST, width) - indent);
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && widthOf(line) + 1 + widthOf(word) > most) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return line === "" ? lines : [...lines, line];
}
