/** Breaks text into lines of at most `width` characters; a longer word gets a line of its own. */
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

/** Narrower than this, two columns stop being readable; wider, lines are too long to follow. */
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
 * Two columns, the right one wrapped. The left one is as wide as its widest text that is not too
 * wide; a wider one gets a line of its own. `paintLeft` gets unpadded text: colour codes have no
 * width.
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
