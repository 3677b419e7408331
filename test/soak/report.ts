// The output of a soak: a line for each sample, a table at the end, and a JSON file.

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { compact, markdown } from "../bench/report/table.ts";
import type { Verdict } from "./judge.ts";
import type { Sample } from "./sample.ts";
import type { Ending } from "./soak.ts";

export interface SoakReport {
  readonly version: 1;
  readonly startedAt: string;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly minutes: number;
  readonly everySeconds: number;
  /** Messages per second: the maximum, if measured, and the rate of the run. */
  readonly maxRate: number | undefined;
  readonly rate: number;
  readonly isSteady: boolean;
  /** Parts of the load that did not happen. */
  readonly missing: readonly string[];
  readonly verdicts: readonly Verdict[];
  readonly ending: Ending;
  readonly samples: readonly Sample[];
}

const MIB = 2 ** 20;
const mib = (bytes: number) => `${Math.round(bytes / MIB)} MiB`;

export function sampleLine(sample: Sample, last: Sample | undefined): string {
  const { server, redis, latenessMs, stored, totals } = sample;
  const seconds = (sample.atMs - (last?.atMs ?? 0)) / 1_000;
  const done = (totals.succeeded - (last?.totals.succeeded ?? 0)) / seconds;
  const keys = Object.values(redis.keys).reduce((sum, count) => sum + count, 0);
  const late =
    latenessMs === undefined
      ? ""
      : `, late ${compact(latenessMs.p50)}/${compact(latenessMs.p99)} ms`;
  return [
    `${String(Math.round(sample.atMs / 1_000)).padStart(5)} s  ${compact(done)}/s, ${stored} stored${late}`,
    `server ${mib(server.rssBytes)}, heap ${mib(server.heapBytes)}, ${server.handles} handles`,
    `Redis ${mib(redis.usedBytes)}, ${keys} keys`,
  ].join("; ");
}

export function verdictTable(verdicts: readonly Verdict[]): string {
  const show = (value: number, unit: string) => `${compact(value)}${unit && ` ${unit}`}`;
  const lines = verdicts.map(({ figure, unit, start, end, allowed, wrong }) => [
    figure,
    show(start, unit),
    show(end, unit),
    show(allowed, unit),
    wrong ?? "ok",
  ]);
  return markdown(["figure", "start", "end", "at most", ""], lines);
}

export function writeReport(file: string, report: SoakReport): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(report, null, 1)}\n`);
}
