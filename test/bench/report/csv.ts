// The figures as CSV, for documents: one line for each figure of a row on a system.

import { csvOf } from "../../support/csv.ts";
import type { Cell, Figure } from "../cell.ts";
import type { Row } from "../row.ts";
import { compact, ROLES } from "./table.ts";

export const HEAD = ["row", "system", "figure", "unit", "median", "min", "max"] as const;

/** Rows that failed have no figures. */
export function figuresCsv(rows: readonly Row[], cells: readonly Cell[]): string {
  return csvOf([HEAD, ...cells.flatMap((cell) => linesOf(rows, cell))]);
}

function linesOf(rows: readonly Row[], { row, system, figures, processes }: Cell): string[][] {
  const line = (name: string, unit: string, figure: Figure | undefined) =>
    figure === undefined ? [] : [[row, system, name, unit, ...shown(figure)]];
  const measures = rows.find(({ name }) => name === row)?.measures ?? [];
  const of = ROLES.flatMap((role) => {
    const figure = processes?.[role];
    return figure === undefined ? [] : [{ role, ...figure }];
  });
  return [
    ...measures.flatMap(({ name, unit }) => line(name, unit, figures?.[name])),
    ...of.flatMap(({ role, cpuMsPer1000, corePercent }) =>
      cpuMsPer1000 === undefined
        ? line(`CPU ${role}`, "% of a core", corePercent)
        : line(`CPU ${role}`, "ms / 1000 messages", cpuMsPer1000),
    ),
    // A load that has ended, such as ghz, has none.
    ...of
      .filter(({ rssMiB }) => rssMiB.median > 0)
      .flatMap(({ role, rssMiB }) => line(`RSS ${role}`, "MiB", rssMiB)),
  ];
}

/** Three significant digits, without separators of thousands. */
function shown({ median, min, max }: Figure): string[] {
  return [median, min, max].map((value) => compact(value).replaceAll(",", ""));
}
