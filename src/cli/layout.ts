/** Breaks text into lines of at most `width` characters. A longer word gets its own line. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  if (line !== "") lines.push(line);
  return lines;
}

/** Narrower columns and wider lines are hard to read. */
const WIDTH_MIN = 60;
const WIDTH_MAX = 110;
const WIDTH_UNKNOWN = 100;
const LEFT_MAX = 30;

export function textWidth(columns: number | undefined): number {
  return Math.min(WIDTH_MAX, Math.max(WIDTH_MIN, columns ?? WIDTH_UNKNOWN));
}

export interface ColumnRow {
  readonly left: string;
  readonly right: string;
}

/**
 * Formats two columns and wraps the right one. The left one fits its widest text, up to a limit; a
 * wider text gets its own line. `paintLeft` gets text without padding.
 */
export function columns(
  rows: readonly ColumnRow[],
  width: number,
  paintLeft: (text: string) => string = (text) => text,
): string[] {
  const limit = Math.min(LEFT_MAX, Math.floor(width / 3));
  const left = Math.max(0, ...rows.map((r) => r.left.length).filter((n) => n <= limit));
  const gap = 2;
  const indent = " ".repeat(2 + left + gap);
  return rows.flatMap((row) => {
    const [first = "", ...rest] = wrap(row.right, width - indent.length);
    const head = `  ${paintLeft(row.left)}`;
    const lines =
      row.left.length > left
        ? [head, `${indent}${first}`]
        : [`${head}${" ".repeat(left - row.left.length + gap)}${first}`];
    return [...lines, ...rest.map((line) => `${indent}${line}`)];
  });
}
