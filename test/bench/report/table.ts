// The result table in Markdown, for terminals and documents.

import type { Cell, Figure } from "../cell.ts";
import type { Role } from "../meter.ts";
import type { Measure, Row } from "../row.ts";

export const ROLES: readonly Role[] = ["server", "redis", "load"];
const NONE = "–";

/** @param changeOf returns the change against an earlier run, such as `+3 %` */
export function resultTable(
  rows: readonly Row[],
  cells: readonly Cell[],
  changeOf?: (cell: Cell, measure: Measure) => string,
): string {
  const head = ["row", "system", "result (spread)", "CPU ms / 1,000 or % of a core", "RSS MiB"];
  const lines = cells.map((cell) => {
    const row = rows.find(({ name }) => name === cell.row);
    if (cell.failure !== undefined) {
      const [why = ""] = cell.failure.split("\n");
      return [cell.row, cell.system, `FAILED: ${why}`, "", "", ...(changeOf ? [""] : [])];
    }
    const measures = (row?.measures ?? []).filter(({ name }) => cell.figures?.[name] !== undefined);
    const result = measures.map((measure) => shown(measure, cell.figures?.[measure.name]));
    return [
      cell.row,
      cell.system,
      result.join(", "),
      byRole(cell, (figures) =>
        figures.cpuMsPer1000 === undefined
          ? `${compact(figures.corePercent.median)} %`
          : compact(figures.cpuMsPer1000.median),
      ),
      // A load that has ended, such as ghz, has none.
      byRole(cell, ({ rssMiB }) => (rssMiB.median === 0 ? undefined : compact(rssMiB.median))),
      ...(changeOf ? [measures.map((measure) => changeOf(cell, measure)).join(", ")] : []),
    ];
  });
  return markdown(changeOf ? [...head, "change"] : head, lines);
}

/** Returns `server 12, redis 3.4`, only with roles of the system. */
function byRole(cell: Cell, shownOf: (figures: Processes) => string | undefined): string {
  const parts = ROLES.flatMap((role) => {
    const figures = cell.processes?.[role];
    const value = figures === undefined ? undefined : shownOf(figures);
    return value === undefined ? [] : [`${role} ${value}`];
  });
  return parts.length === 0 ? NONE : parts.join(", ");
}

type Processes = NonNullable<NonNullable<Cell["processes"]>[Role]>;

function shown({ name, unit }: Measure, figure: Figure | undefined): string {
  if (figure === undefined) return NONE;
  const { median, min, max } = figure;
  const label = name === "rate" ? "" : `${name} `;
  return `${label}${compact(median)} ${unit} (${compact(min)} – ${compact(max)})`;
}

/** Rounds to three significant digits. */
export function compact(value: number): string {
  if (!Number.isFinite(value)) return NONE;
  const size = Math.abs(value);
  if (size >= 1_000) return Math.round(Number(value.toPrecision(3))).toLocaleString("en");
  return String(Number(value.toPrecision(size >= 100 ? 3 : 2)));
}

export function markdown(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const all = [head, ...lines];
  const widths = head.map((_, at) => Math.max(3, ...all.map((line) => (line[at] ?? "").length)));
  const render = (line: readonly string[]) =>
    `| ${widths.map((width, at) => (line[at] ?? "").padEnd(width)).join(" | ")} |`;
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  return [render(head), rule, ...lines.map(render)].join("\n");
}
