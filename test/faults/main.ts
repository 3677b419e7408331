// The fault suite: runs the environments, checks the histories and prints the report. Start it with
// `npm run test:faults`, which installs what it needs.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "../support/command-line.ts";
import { coreSlowness } from "../support/core-speed.ts";
import { csvOf } from "../support/csv.ts";
import { seededRandom } from "../support/random.ts";
import { type RunResult, run } from "./conductor.ts";
import { amountsOf, isShort, SHORT_AIM_S } from "./forms.ts";
import {
  EMBEDDED,
  EVENTS,
  EVERYSEC,
  EXTERNAL,
  REPLICAS,
  SENTINEL,
  type TestedEnvironment,
} from "./kinds/catalog.ts";
import { HELP, type Options, readOptions } from "./options.ts";
import { atRandom, eachOnce } from "./plan.ts";
import { problemsOf, RECOVERY_GOAL_MS } from "./report/goals.ts";
import { type BrokenOff, faultCount, reportOf } from "./report/markdown.ts";
import { recoveryHead, recoveryRows } from "./report/recovery.ts";
import { builtLanguages, missingLanguages } from "./rig/actor-program.ts";
import type { Environment, EnvironmentName } from "./rig/environment.ts";

/** Where the suite runs. */
interface Place {
  /** For histories. */
  readonly folder: string;
  readonly coreSlowness: number;
}

/** Environment -> its run. */
const RUNS: Readonly<
  Record<EnvironmentName, (options: Options, place: Place) => Promise<RunResult>>
> = {
  external: (options, place) => runIn(EXTERNAL, options, place),
  everysec: (options, place) => runIn(EVERYSEC, options, place),
  embedded: (options, place) => runIn(EMBEDDED, options, place),
  sentinel: (options, place) => runIn(SENTINEL, options, place),
  replicas: (options, place) => runIn(REPLICAS, options, place),
  events: (options, place) => runIn(EVENTS, options, place),
};

const HOW_TO_BUILD = "run `npm run test:faults` or `node test/contract/build-agents.ts`";

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(name, () => process.exit(1)); // exit handlers end all child processes
}
try {
  await main(readOptions(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\nnpm run test:faults -- --help lists the options.\n`);
  process.exitCode = 2;
}

async function main(options: Options): Promise<void> {
  if (options.help) return print(HELP);
  if (options.list)
    return print(
      [
        ...[listOf(EXTERNAL), listOf(EVERYSEC), listOf(EMBEDDED)],
        ...[listOf(SENTINEL), listOf(REPLICAS), listOf(EVENTS)],
      ].join(""),
    );
  const missing = missingLanguages();
  if (missing.length > 0) {
    throw new UsageError(`The actors of ${missing.join(", ")} are not built: ${HOW_TO_BUILD}.`);
  }
  print(`seed ${options.seed}\n`);
  const folder = options.histories ?? mkdtempSync(join(tmpdir(), "dlq-faults-"));
  const place = { folder, coreSlowness: coreSlowness() };
  const results: RunResult[] = [];
  const brokenOff: BrokenOff[] = [];
  const startedAtMs = performance.now();
  // One after another: the actors of two would not start within the deadlines of servers on two slow cores.
  for (const environment of options.environments) {
    try {
      results.push(await RUNS[environment](options, place));
    } catch (error) {
      if (error instanceof UsageError) throw error;
      // The results of the other environments still count.
      brokenOff.push({ environment, why: String(error) });
      print(
        `${environment} was aborted: ${error instanceof Error ? error.stack : String(error)}\n`,
      );
    }
  }
  const tookS = (performance.now() - startedAtMs) / 1_000;
  const report = reportOf(results, brokenOff, options);
  print(report);
  if (options.report !== undefined) writeFileSync(options.report, report);
  if (options.csv !== undefined) {
    const rows = results.flatMap(({ environment, faults }) =>
      recoveryRows(environment, faults, RECOVERY_GOAL_MS),
    );
    writeFileSync(options.csv, csvOf([recoveryHead(RECOVERY_GOAL_MS), ...rows]));
  }
  const problems = [
    ...results.flatMap((result) => problemsOf(result, options.long)),
    ...brokenOff.map(({ environment, why }) => `${environment} was aborted: ${why}`),
  ];
  if (problems.length > 0) {
    print(`\n${problems.join("\n")}\n\nThe histories are in ${folder}.\n`);
    process.exitCode = 1;
  } else if (options.histories === undefined) rmSync(folder, { recursive: true });
  const faults = faultCount(results);
  const counts = { faults, problems: problems.length };
  if (options.count !== undefined) writeFileSync(options.count, JSON.stringify(counts));
  const aim = isShort(options) ? `; the short form is planned for ${SHORT_AIM_S} s` : "";
  print(`${faults} faults, ${problems.length} problems, ${Math.round(tookS)} s${aim}\n`);
  process.exit(); // links may still be open
}

function runIn<W extends Environment>(
  tested: TestedEnvironment<W>,
  options: Options,
  place: Place,
) {
  const { only, seed, long } = options;
  const random = seededRandom(seed);
  const amounts = amountsOf(tested.environment, options);
  const asked = tested.kinds.filter(({ name }) => only.length === 0 || only.includes(name));
  const kinds = asked.filter(({ name, missing }) => {
    const lack = missing?.();
    if (lack !== undefined)
      print(`${tested.environment} skips ${name}: this machine lacks ${lack}\n`);
    return lack === undefined;
  });
  if (kinds.length === 0) {
    throw new UsageError(`${tested.environment} has no fault ${only.join(", ")}; see --list.`);
  }
  const { messages, rate, baseline, idleQueues, faults: count } = amounts;
  const faults =
    count === undefined
      ? eachOnce(kinds, random, amounts)
      : atRandom(kinds, count, random, amounts);
  const startedAtMs = performance.now();
  return run({
    tested,
    faults,
    random,
    messages,
    rate,
    baseline,
    idleQueues,
    languages: builtLanguages(),
    coreSlowness: place.coreSlowness,
    folder: join(place.folder, `${tested.environment}-${seed}${long ? "-long" : ""}`),
    progress(words) {
      const seconds = Math.round((performance.now() - startedAtMs) / 1_000);
      print(`${tested.environment} ${String(seconds).padStart(4)} s  ${words}\n`);
    },
  });
}

function listOf<W extends Environment>({ environment, kinds }: TestedEnvironment<W>): string {
  return `${environment}\n${kinds.map(({ name, words }) => `  ${name.padEnd(24)}${words}\n`).join("")}`;
}

function print(text: string): void {
  process.stdout.write(text);
}
