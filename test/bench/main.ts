// The bench: runs what was asked for, shows the tables, writes the JSON. `npm run bench` sets up what
// this needs, and is the way to call it.

import { resolve } from "node:path";
import { plan, ROWS, toolsFor } from "./catalog.ts";
import type { Cell } from "./cell.ts";
import { HELP, type Options, readOptions, UsageError } from "./options.ts";
import { createProgress } from "./progress.ts";
import { goalResults, goalTable } from "./report/goals.ts";
import { changeSince, machine, readResults, writeResults } from "./report/result-file.ts";
import { compact, resultTable } from "./report/table.ts";
import { runCell } from "./runner.ts";

/** Beyond this share of a core, other programs make the figures doubtful. */
const OTHERS_MAX_PERCENT = 15;

const DEFAULT_JSON = resolve(import.meta.dirname, "../../.runtime/bench.json");

try {
  await main(readOptions(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\nnpm run bench -- --help tells what there is.\n`);
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
  const cells = await runAll(planned, options);
  const goals = goalResults(cells);
  const file = options.json ?? DEFAULT_JSON;
  const { form, only, samples, seconds, stored } = options;
  const asked = { form, only, samples, seconds, stored };
  writeResults(file, { version: 1, startedAt, machine: machine(), options: asked, cells, goals });

  print(`${resultTable(ROWS, cells, earlier && changeSince(earlier))}\n`);
  if (goals.length > 0) print(`\n${goalTable(goals)}\n`);
  print(`\n${Object.values(machine()).join(", ")}\nResults as JSON: ${file}\n`);
  const busiest = Math.max(0, ...cells.map((cell) => cell.othersCorePercent?.median ?? 0));
  if (busiest > OTHERS_MAX_PERCENT) {
    print(
      `Other programs used up to ${compact(busiest)} % of a core meanwhile: measure on a quiet machine.\n`,
    );
  }
  const failed = cells.filter(({ failure }) => failure !== undefined);
  for (const { row, system, failure } of failed) {
    process.stderr.write(`\n${row}/${system} failed: ${failure}\n`);
  }
  if (failed.length > 0) process.exitCode = 1;
}

async function runAll(planned: ReturnType<typeof plan>, options: Options): Promise<Cell[]> {
  const { samples, seconds, stored } = options;
  const progress = createProgress(process.stderr);
  const cells: Cell[] = [];
  const interrupted = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => interrupted.abort(new Error(`ended by ${name}`)));
  }
  const { signal } = interrupted;
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
