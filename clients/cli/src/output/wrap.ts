import { piecesOf, widthOf } from "./width.ts";

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

/**
 * Indents a text of several lines. On a terminal lines that are too long are broken, so that no part of the text stands
 * where blocks of this program begin.
 */
export function indentedLines(text: string, width: number | undefined, indent: number): string[] {
  const space = " ".repeat(indent);
  const lines = text.split("\n");
  if (width === undefined) return lines.map((line) => `${space}${line}`);
  return lines
    .flatMap((line) => piecesOf(line.replaceAll("\t", "    "), Math.max(20, width - indent)))
    .map((line) => `${space}${line}`);
}
