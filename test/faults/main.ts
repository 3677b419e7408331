// The fault suite: runs what was asked for, proves it, shows the report. `npm run test:faults` sets
// up what this needs, and is the way to call it.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "../support/random.ts";
import { type RunResult, run } from "./conductor.ts";
import { amountsOf } from "./forms.ts";
import { EMBEDDED, EVERYSEC, EXTERNAL, type Scene, SENTINEL } from "./kinds/catalog.ts";
import { HELP, type Options, readOptions, UsageError } from "./options.ts";
import { atRandom, eachOnce } from "./plan.ts";
import { problemsOf } from "./report/goals.ts";
import { reportOf } from "./report/markdown.ts";
import type { World } from "./rig/world.ts";

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(name, () => process.exit(1)); // ends what was started
}
try {
  await main(readOptions(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\nnpm run test:faults -- --help tells what there is.\n`);
  process.exitCode = 2;
}

async function main(options: Options): Promise<void> {
  if (options.help) return print(HELP);
  if (options.list)
    return print(listOf(EXTERNAL) + listOf(EVERYSEC) + listOf(EMBEDDED) + listOf(SENTINEL));
  print(`seed ${options.seed}\n`);
  const folder = options.histories ?? mkdtempSync(join(tmpdir(), "dlq-faults-"));
  const results: RunResult[] = [];
  for (const world of options.worlds) {
    if (world === "external") results.push(await runIn(EXTERNAL, options, folder));
    if (world === "everysec") results.push(await runIn(EVERYSEC, options, folder));
    if (world === "embedded") results.push(await runIn(EMBEDDED, options, folder));
    if (world === "sentinel") results.push(await runIn(SENTINEL, options, folder));
  }
  const report = reportOf(results, options);
  print(report);
  if (options.report !== undefined) writeFileSync(options.report, report);
  const problems = results.flatMap(problemsOf);
  if (problems.length > 0) {
    print(`\n${problems.join("\n")}\n\nWhat the actors wrote down is in ${folder}.\n`);
    process.exitCode = 1;
  } else if (options.histories === undefined) rmSync(folder, { recursive: true });
  const faults = results.flatMap((result) => result.faults).length;
  const counts = { faults, problems: problems.length };
  if (options.count !== undefined) writeFileSync(options.count, JSON.stringify(counts));
  print(`${faults} faults, ${problems.length} problems\n`);
  process.exit(); // whatever of the links is still open
}

function runIn<W extends World>(scene: Scene<W>, options: Options, folder: string) {
  const { only, seed, long } = options;
  const random = seededRandom(seed);
  const amounts = amountsOf(scene.world, options);
  const kinds = scene.kinds.filter(({ name }) => only.length === 0 || only.includes(name));
  if (kinds.length === 0) {
    throw new UsageError(`No fault of ${scene.world} is called ${only.join(", ")}; see --list.`);
  }
  const { messages, rate, stock, faults: count, fixed } = amounts;
  const faults =
    count === undefined ? eachOnce(kinds, random) : atRandom(kinds, count, random, fixed);
  const startedAtMs = performance.now();
  return run({
    scene,
    faults,
    random,
    messages,
    rate,
    stock,
    folder: join(folder, `${scene.world}-${seed}${long ? "-long" : ""}`),
    progress(words) {
      const seconds = Math.round((performance.now() - startedAtMs) / 1_000);
      print(`${scene.world} ${String(seconds).padStart(4)} s  ${words}\n`);
    },
  });
}

function listOf<W extends World>({ world, kinds }: Scene<W>): string {
  return `${world}\n${kinds.map(({ name, words }) => `  ${name.padEnd(24)}${words}\n`).join("")}`;
}

function print(text: string): void {
  process.stdout.write(text);
}
