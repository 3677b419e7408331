import { escaped } from "./escape.ts";
import type { Style } from "./style.ts";
import { cutTo, padTo, widthOf } from "./width.ts";
import { wrapped } from "./wrap.ts";

/** A column of a table of rows `T`. */
export interface Column<T> {
  readonly title: string;
  readonly text: (row: T) => string;
  /** Default `left`; numbers stand on the right. */
  readonly align?: "left" | "right";
  /** If the table is too wide for the terminal, this column is cut, but not below this width. Absent: never cut. */
  readonly least?: number;
  /** Cut before the columns that do not have this. */
  readonly isCutFirst?: boolean;
  /** Shown only on terminals of at least this width, and in files. Absent: always. */
  readonly from?: number;
  /** How it looks, for each row. */
  readonly paint?: (row: T, style: Style) => (text: string) => string;
}

const GAP = "  ";

/**
 * Returns the lines of a table, with its titles.
 *
 * @param width of the terminal; undefined: nothing is cut
 */
export function tableLines<T>(
  all: readonly Column<T>[],
  rows: readonly T[],
  style: Style,
  width: number | undefined,
): string[] {
  const columns = all.filter(({ from = 0 }) => width === undefined || width >= from);
  const texts = rows.map((row) => columns.map(({ text }) => escaped(text(row))));
  const natural = columns.map(({ title }, at) =>
    Math.max(widthOf(title), ...texts.map((cells) => widthOf(cells[at] ?? ""))),
  );
  const widths = width === undefined ? natural : fitted(columns, natural, width);
  const line = (cells: readonly string[], paint: (at: number) => (text: string) => string) => {
    const parts = cells.map((cell, at) => {
      const { align = "left" } = columns[at] ?? {};
      const isLast = at === cells.length - 1 && align === "left";
      const cut = cutTo(cell, widths[at] ?? 0);
      return { at, text: isLast ? cut : padTo(cut, widths[at] ?? 0, align) };
    });
    return cutParts(parts, width ?? Infinity)
      .map(({ at, text }) => paint(at)(text))
      .join(GAP)
      .trimEnd();
  };
  const titles = line(
    columns.map(({ title }) => title),
    () => style.heading,
  );
  const body = rows.map((row, index) =>
    line(texts[index] ?? [], (at) => columns[at]?.paint?.(row, style) ?? ((text) => text)),
  );
  return [titles, ...body];
}

/** Returns the titles of columns that a terminal of this width has no room for. */
export function leftOutColumns<T>(
  columns: readonly Column<T>[],
  width: number | undefined,
): string[] {
  return columns
    .filter(({ from = 0 }) => width !== undefined && width < from)
    .map(({ title }) => title);
}

/** Takes width from the columns that may be cut: from those that are cut first, then from the others, the widest first. */
function fitted<T>(columns: readonly Column<T>[], natural: readonly number[], width: number) {
  const widths = [...natural];
  const total = widths.reduce((sum, one) => sum + one, 0) + GAP.length * (widths.length - 1);
  let excess = total - width;
  for (const isFirst of [true, false]) {
    while (excess > 0) {
      let widest = -1;
      for (const [at, { least, isCutFirst = false }] of columns.entries()) {
        if (least === undefined || isCutFirst !== isFirst || (widths[at] ?? 0) <= least) continue;
        if (widest < 0 || (widths[at] ?? 0) > (widths[widest] ?? 0)) widest = at;
      }
      if (widest < 0) break;
      widths[widest] = (widths[widest] ?? 0) - 1;
      excess--;
    }
  }
  return widths;
}

interface Part {
  readonly at: number;
  readonly text: string;
}

/** Cuts a line that is too wide although its columns were cut. */
function cutParts(parts: readonly Part[], width: number): Part[] {
  const kept: Part[] = [];
  let left = width;
  for (const { at, text } of parts) {
    if (left <= 0) break;
    const cut = cutTo(text, left);
    kept.push({ at, text: cut });
    left -= widthOf(cut) + GAP.length;
  }
  return kept;
}

/** A line of a block of facts: a name and its value. */
export type Fact = readonly [name: string, value: string];

/**
 * Returns lines of names and values, without facts that have no value. Values may have several lines.
 *
 * @param width of the terminal; undefined: long values are not broken
 */
export function factLines(
  facts: readonly Fact[],
  style: Style,
  width?: number | undefined,
  indent = "",
): string[] {
  const given = facts.filter(([, value]) => value !== "");
  const left = Math.max(0, ...given.map(([name]) => widthOf(name)));
  const space = " ".repeat(left + GAP.length);
  return given.flatMap(([name, value]) => {
    const [first = "", ...rest] = value
      .split("\n")
      .flatMap((line) => wrapped(line, width, indent.length + space.length));
    return [
      `${indent}${style.faint(padTo(name, left, "left"))}${GAP}${first}`,
      ...rest.map((line) => `${indent}${space}${line}`),
    ];
  });
}
