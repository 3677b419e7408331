// The fault suite: runs what was asked for, proves it, shows the report. `npm run test:faults` sets
// up what this needs, and is the way to call it.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "../support/random.ts";
import { type RunResult, run } from "./conductor.ts";
import { amountsOf, groupsOf, isShort, SHORT_AIM_S } from "./forms.ts";
import { EMBEDDED, EVERYSEC, EXTERNAL, REPLICAS, type Scene, SENTINEL } from "./kinds/catalog.ts";
import { languagesOf } from "./languages.ts";
import { HELP, type Options, readOptions, UsageError } from "./options.ts";
import { atRandom, eachOnce } from "./plan.ts";
import { problemsOf } from "./report/goals.ts";
import { type BrokenOff, reportOf } from "./report/markdown.ts";
import { builtLanguages, missingLanguages } from "./rig/actor-program.ts";
import type { Environment, EnvironmentName } from "./rig/environment.ts";

/** How each environment is run. */
const RUNS: Readonly<
  Record<EnvironmentName, (options: Options, folder: string) => Promise<RunResult>>
> = {
  external: (options, folder) => runIn(EXTERNAL, options, folder),
  everysec: (options, folder) => runIn(EVERYSEC, options, folder),
  embedded: (options, folder) => runIn(EMBEDDED, options, folder),
  sentinel: (options, folder) => runIn(SENTINEL, options, folder),
  replicas: (options, folder) => runIn(REPLICAS, options, folder),
};

const BUILDS_THEM = "`npm run test:faults` does it, as does `node test/contract/build-agents.ts`";

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
    return print(
      listOf(EXTERNAL) + listOf(EVERYSEC) + listOf(EMBEDDED) + listOf(SENTINEL) + listOf(REPLICAS),
    );
  const missing = missingLanguages();
  if (missing.length > 0) {
    throw new UsageError(`The actors of ${missing.join(", ")} are not built: ${BUILDS_THEM}.`);
  }
  print(`seed ${options.seed}\n`);
  const folder = options.histories ?? mkdtempSync(join(tmpdir(), "dlq-faults-"));
  const results: RunResult[] = [];
  const brokenOff: BrokenOff[] = [];
  const startedAtMs = performance.now();
  for (const environments of groupsOf(options)) {
    await Promise.all(
      environments.map(async (environment) => {
        try {
          results.push(await RUNS[environment](options, folder));
        } catch (error) {
          if (error instanceof UsageError) throw error;
          // The proof of the other environments counts all the same.
          brokenOff.push({ environment, why: String(error) });
          print(
            `${environment} broke off: ${error instanceof Error ? error.stack : String(error)}\n`,
          );
        }
      }),
    );
  }
  const tookS = (performance.now() - startedAtMs) / 1_000;
  const report = reportOf(results, brokenOff, options);
  print(report);
  if (options.report !== undefined) writeFileSync(options.report, report);
  const problems = [
    ...results.flatMap((result) => problemsOf(result, options.long)),
    ...brokenOff.map(({ environment, why }) => `${environment} did not come to its end: ${why}`),
  ];
  if (problems.length > 0) {
    print(`\n${problems.join("\n")}\n\nWhat the actors wrote down is in ${folder}.\n`);
    process.exitCode = 1;
  } else if (options.histories === undefined) rmSync(folder, { recursive: true });
  const faults = results.flatMap((result) => result.faults).length;
  const counts = { faults, problems: problems.length };
  if (options.count !== undefined) writeFileSync(options.count, JSON.stringify(counts));
  const aim = isShort(options) ? `; the short form is to take ${SHORT_AIM_S} s` : "";
  print(`${faults} faults, ${problems.length} problems, ${Math.round(tookS)} s${aim}\n`);
  process.exit(); // whatever of the links is still open
}

function runIn<W extends Environment>(scene: Scene<W>, options: Options, folder: string) {
  const { only, seed, long } = options;
  const random = seededRandom(seed);
  const amounts = amountsOf(scene.environment, options);
  const asked = scene.kinds.filter(({ name }) => only.length === 0 || only.includes(name));
  const kinds = asked.filter(({ name, missing }) => {
    const lack = missing?.();
    if (lack !== undefined)
      print(`${scene.environment} leaves out ${name}: there is not ${lack}\n`);
    return lack === undefined;
  });
  if (kinds.length === 0) {
    throw new UsageError(
      `No fault of ${scene.environment} is called ${only.join(", ")}; see --list.`,
    );
  }
  const { messages, rate, baseline, faults: count } = amounts;
  const faults =
    count === undefined
      ? eachOnce(kinds, random, amounts)
      : atRandom(kinds, count, random, amounts);
  const startedAtMs = performance.now();
  return run({
    scene,
    faults,
    random,
    messages,
    rate,
    baseline,
    languages: languagesOf(scene.environment, options, builtLanguages()),
    folder: join(folder, `${scene.environment}-${seed}${long ? "-long" : ""}`),
    progress(words) {
      const seconds = Math.round((performance.now() - startedAtMs) / 1_000);
      print(`${scene.environment} ${String(seconds).padStart(4)} s  ${words}\n`);
    },
  });
}

function listOf<W extends Environment>({ environment, kinds }: Scene<W>): string {
  return `${environment}\n${kinds.map(({ name, words }) => `  ${name.padEnd(24)}${words}\n`).join("")}`;
}

function print(text: string): void {
  process.stdout.write(text);
}
