import type { Output } from "../io.ts";

/** Returns the columns of a terminal; 80 if it gives none, or 0 as some do. */
export function columnsOf({ columns }: Output): number {
  return columns || 80;
}

/** Characters that take two columns: East Asian wide and full-width forms, and emoji. */
const WIDE =
  /^(?:[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|.*\ufe0f)/u;

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
const ASCII = /^[\x20-\x7e]*$/;

/** Returns how many columns of a terminal the text takes. It must have no control characters. */
export function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

/** Returns the text cut to `width` columns; a cut text ends with `…`. */
export function cutTo(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = "";
  let left = width - 1;
  for (const { segment } of graphemes.segment(text)) {
    left -= WIDE.test(segment) ? 2 : 1;
    if (left < 0) break;
    kept += segment;
  }
  return width <= 0 ? "" : `${kept}…`;
}

/** Returns the text with spaces up to `width` columns. */
export function padTo(text: string, width: number, side: "left" | "right"): string {
  const spaces = " ".repeat(Math.max(0, width - widthOf(text)));
  return side === "left" ? `${text}${spaces}` : `${spaces}${text}`;
}

/** Returns the text in pieces of at most `width` columns. An empty text is one piece. */
export function piecesOf(text: string, width: number): string[] {
  if (widthOf(text) <= width) return [text];
  const pieces = [""];
  let left = width;
  for (const { segment } of graphemes.segment(text)) {
    const columns = WIDE.test(segment) ? 2 : 1;
    if (columns > left) {
      pieces.push("");
      left = width;
    }
    pieces[pieces.length - 1] += segment;
    left -= columns;
  }
  return pieces;
}
