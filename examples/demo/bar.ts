// A small bar of a queue's dead letters by state. Characters differ too, for terminals without
// colors.

import type { Colour, Paint } from "./ansi.ts";
import type { Row } from "./ledger.ts";

interface Part {
  readonly count: (row: Row) => number;
  readonly sign: string;
  readonly words: string;
  readonly colour: Colour;
}

const PARTS: readonly Part[] = [
  { count: (row) => row.recovered, sign: "#", words: "recovered", colour: "green" },
  { count: (row) => row.quarantined, sign: "x", words: "quarantined", colour: "red" },
  { count: (row) => row.inFlight, sign: ">", words: "in flight", colour: "yellow" },
  { count: (row) => row.waiting, sign: ".", words: "waiting", colour: "dim" },
];

/** `width` characters, all of them if there is any message. */
export function barOf(row: Row, width: number, paint: Paint): string {
  const counts = PARTS.map(({ count }) => count(row));
  const all = counts.reduce((sum, count) => sum + count);
  if (all === 0) return " ".repeat(width);
  // Ends are rounded, not lengths: so they add up to the width.
  const ends = counts.map((_, i) =>
    Math.round((counts.slice(0, i + 1).reduce((sum, count) => sum + count) / all) * width),
  );
  return PARTS.map(({ sign, colour }, i) =>
    paint(colour, sign.repeat((ends[i] ?? 0) - (ends[i - 1] ?? 0))),
  ).join("");
}

export function legendOf(indent: string, paint: Paint): string {
  return (
    indent + PARTS.map(({ sign, words, colour }) => paint(colour, `${sign} ${words}`)).join("  ")
  );
}
