// The benchmark: runs the rows, prints the tables and writes the JSON. Start it with `npm run bench`, which installs what
// it needs.

import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { UsageError } from "../support/command-line.ts";
import { type Planned, plan, ROWS, toolsFor } from "./catalog.ts";
import type { Cell } from "./cell.ts";
import { HELP, type Options, readOptions } from "./options.ts";
import { createProgress } from "./progress.ts";
import { figuresCsv } from "./report/csv.ts";
import { goalResults, goalTable } from "./report/goals.ts";
import {
  changeSince,
  machine,
  type ResultFile,
  readResults,
  writeResults,
} from "./report/result-file.ts";
import { compact, resultTable } from "./report/table.ts";
import { runCell } from "./runner.ts";

/** Above this share of a core, other programs make the figures unreliable. */
const OTHERS_MAX_PERCENT = 15;

const DEFAULT_JSON = resolve(import.meta.dirname, "../../.runtime/bench.json");

try {
  await main(readOptions(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\nnpm run bench -- --help lists the options.\n`);
  process.exitCode = 2;
}

async function main(options: Options): Promise<void> {
  if (options.help) return print(HELP);
  const planned = plan(options.form, options.only);
  if (planned.length === 0) {
    throw new UsageError(`No row matches ${options.only.join(", ")}. Rows: ${names().join(", ")}.`);
  }
  if (options.tools) return print(`${JSON.stringify(toolsFor(planned))}\n`);
  if (options.list) {
    return print(planned.map(({ row, system }) => `${row.name}/${system}\n`).join(""));
  }
  const earlier = options.compare === undefined ? undefined : readResults(options.compare);
  const startedAt = new Date().toISOString();
  const interrupted = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => interrupted.abort(new Error(`ended by ${name}`)));
  }
  const cells = await runAll(planned, options, interrupted.signal);
  const goals = goalResults(cells);
  const { form, only, samples, seconds, stored, json = DEFAULT_JSON } = options;
  const asked = { form, only, samples, seconds, stored };
  const results = {
    version: 1,
    startedAt,
    machine: machine(),
    options: asked,
    cells,
    goals,
  } as const;
  show(results, earlier);
  if (!interrupted.signal.aborted) {
    writeResults(json, results);
    print(`Results as JSON: ${json}\n`);
    if (options.csv !== undefined) writeFileSync(options.csv, figuresCsv(ROWS, cells));
  }
  const failed = cells.filter(({ failure }) => failure !== undefined);
  for (const { row, system, failure } of failed) {
    process.stderr.write(`\n${row}/${system} failed: ${failure}\n`);
  }
  if (failed.length > 0 || interrupted.signal.aborted) process.exitCode = 1;
}

function show(results: ResultFile, earlier: ResultFile | undefined): void {
  const { cells, goals, options } = results;
  print(`${resultTable(ROWS, cells, earlier && changeSince(earlier))}\n`);
  if (goals.length > 0) print(`\n${goalTable(goals)}\n`);
  const { samples, seconds, stored } = options;
  const shape = `${samples} samples of ${seconds} s; many stored: ${stored.toLocaleString("en")}`;
  print(`\n${Object.values(machine()).join(", ")}; ${shape}\n`);
  const busiest = Math.max(0, ...cells.map((cell) => cell.othersCorePercent?.median ?? 0));
  if (busiest > OTHERS_MAX_PERCENT) {
    const share = `${compact(busiest)} % of a core`;
    print(`Other programs used up to ${share}: measure again on an unused machine.\n`);
  }
}

async function runAll(
  planned: readonly Planned[],
  options: Options,
  signal: AbortSignal,
): Promise<Cell[]> {
  const { samples, seconds, stored } = options;
  const progress = createProgress(process.stderr);
  const cells: Cell[] = [];
  for (const one of planned) {
    if (signal.aborted) break;
    progress.step(`${cells.length + 1}/${planned.length} ${one.row.name} ${one.system}`);
    cells.push(await runCell(one, { samples, scale: { seconds, stored }, signal }));
    const { figures, failure } = cells.at(-1) ?? {};
    const first = Object.entries(figures ?? {})[0];
    if (!process.stderr.isTTY) {
      progress.step(
        failure === undefined ? `  ${first?.[0]} ${compact(first?.[1].median ?? 0)}` : "  failed",
      );
    }
  }
  progress.end();
  return cells;
}

function names(): string[] {
  return ROWS.map(({ name }) => name);
}

function print(text: string): void {
  process.stdout.write(text);
}
