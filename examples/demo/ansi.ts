// The few escape sequences that a terminal view needs, and lines that fit.

export const HOME = "\x1b[H";
export const CLEAR_LINE_END = "\x1b[K";
export const CLEAR_BELOW = "\x1b[J";
/** The alternate screen, so that the user's own lines come back; and no cursor on it. */
export const ENTER = "\x1b[?1049h\x1b[?25l";
export const LEAVE = "\x1b[?25h\x1b[?1049l";

export type Colour = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";
export type Paint = (colour: Colour, text: string) => string;

const CODES: Readonly<Record<Colour, number>> = {
  bold: 1,
  dim: 2,
  red: 31,
  green: 32,
  yellow: 33,
  cyan: 36,
};

export function createPaint(coloured: boolean): Paint {
  if (!coloured) return (_, text) => text;
  return (colour, text) => (text === "" ? "" : `\x1b[${CODES[colour]}m${text}\x1b[0m`);
}

/** Cuts a line to `width` characters, sequences not counted; a colour that was cut off ends. */
export function cropped(line: string, width: number): string {
  let left = width;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
  const parts = line.matchAll(/(\x1b\[[0-9;]*m)|[^\x1b]/g);
  return [...parts].map(([part, code]) => (code !== undefined || left-- > 0 ? part : "")).join("");
}
