// The table of scenarios by language. Tests carry their cell in `meta`; the reporter reads it.

declare module "vitest" {
  interface TaskMeta {
    cell?: Cell;
  }
}

/** A scenario in one language. */
export interface Cell {
  readonly language: string;
  readonly group: string;
  readonly scenario: string;
}

/** A cell with its result. */
export interface PlayedCell extends Cell {
  readonly state: "passed" | "failed" | "not played";
  readonly tookMs: number;
}

const COLUMN = 16;

/** Scenarios by language, with a dash where a language lacks what the scenario needs; the last lines count them. */
export function tableOf(cells: readonly PlayedCell[]): string {
  const languages = [...new Set(cells.map(({ language }) => language))].toSorted();
  const inOrder = cells.toSorted((one, other) => one.group.localeCompare(other.group));
  const rows = Map.groupBy(inOrder, ({ group, scenario }) => `${group}: ${scenario}`);
  const width = Math.max(...[...rows.keys()].map((name) => name.length)) + 2;
  const lines = [line("scenario", languages, width)];
  for (const [name, row] of rows) {
    const texts = languages.map((language) =>
      textOf(row.find((cell) => cell.language === language)),
    );
    lines.push(line(name, texts, width));
  }
  const sums = languages.map((language) => sumOf(language, cells));
  return [...lines, "", ...sums].join("\n");
}

function line(name: string, texts: readonly string[], width: number): string {
  return `${name.padEnd(width)}${texts.map((text) => text.padEnd(COLUMN)).join("")}`.trimEnd();
}

function textOf(cell: PlayedCell | undefined): string {
  if (cell === undefined) return "–"; // not possible in the language
  if (cell.state === "failed") return "FAILED";
  if (cell.state === "passed") return `ok ${(cell.tookMs / 1000).toFixed(1)} s`;
  return "NOT PLAYED";
}

function sumOf(language: string, cells: readonly PlayedCell[]): string {
  const own = cells.filter((cell) => cell.language === language);
  const passed = own.filter(({ state }) => state === "passed").length;
  const failed = own.filter(({ state }) => state === "failed").length;
  const rest = own.length - passed - failed;
  const words = [`${passed} of ${own.length} scenarios ok`];
  if (failed > 0) words.push(`${failed} FAILED`);
  if (rest > 0) words.push(`${rest} not played`);
  return `${language}: ${words.join(", ")}`;
}
