// The results as JSON, for later comparisons.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { arch, availableParallelism, cpus, release, totalmem } from "node:os";
import { dirname } from "node:path";
import type { Cell } from "../cell.ts";
import type { Options } from "../options.ts";
import type { Measure } from "../row.ts";
import type { GoalResult } from "./goals.ts";

export interface ResultFile {
  readonly version: 1;
  readonly startedAt: string;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly options: Pick<Options, "form" | "only" | "samples" | "seconds" | "stored">;
  readonly cells: readonly Cell[];
  readonly goals: readonly GoalResult[];
}

export function machine(): Record<string, string | number> {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    arch: arch(),
    node: process.version,
  };
}

export function writeResults(file: string, results: ResultFile): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(results, null, 1)}\n`);
}

export function readResults(file: string): ResultFile {
  const results = JSON.parse(readFileSync(file, "utf8")) as ResultFile;
  if (results.version !== 1)
    throw new Error(`${file} is not a result of this version of the bench`);
  return results;
}

/** Returns the change of a figure against an earlier result: `+12 %`, with `!` if it is worse by more than its spread. */
export function changeSince(earlier: ResultFile): (cell: Cell, measure: Measure) => string {
  return (cell, { name, better }) => {
    const before = earlier.cells.find(
      ({ row, system }) => row === cell.row && system === cell.system,
    );
    const [old, now] = [before?.figures?.[name], cell.figures?.[name]];
    if (old === undefined || now === undefined) return "new";
    const percent = Math.round((now.median / old.median - 1) * 100);
    const isWorse = better === "higher" ? now.max < old.min : now.min > old.max;
    return `${percent > 0 ? "+" : ""}${percent} %${isWorse ? " !" : ""}`;
  };
}
