// The soak: runs it, prints its progress and reports whether anything grew. Start it with `npm run soak`, which installs
// what it needs.

import { machine } from "../bench/report/result-file.ts";
import { compact } from "../bench/report/table.ts";
import { UsageError } from "../support/command-line.ts";
import { judgeEnding, missingParts } from "./ending.ts";
import { judge } from "./judge.ts";
import { HELP, type Options, readOptions } from "./options.ts";
import { type SoakReport, sampleLine, verdictTable, writeReport } from "./report.ts";
import { othersPercent } from "./sample.ts";
import { Soak } from "./soak.ts";

/** Above this share of a core, other programs make times unreliable. */
const OTHERS_MAX_PERCENT = 15;

const print = (text: string) => void process.stdout.write(`${text}\n`);

try {
  await main(readOptions(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\nnpm run soak -- --help lists the options.\n`);
  process.exitCode = 2;
}

async function main(options: Options): Promise<void> {
  if (options.help) return print(HELP);
  const interrupted = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => interrupted.abort(new Error(`ended by ${name}`)));
  }
  try {
    const report = await measure(options, interrupted.signal);
    print(`\n${verdictTable(report.verdicts)}\n`);
    const others = othersOf(report);
    if (others > OTHERS_MAX_PERCENT) {
      print(
        `Other programs used ${compact(others)} % of a core: measure lateness on an unused machine.`,
      );
    }
    for (const part of report.missing) print(`No message was ${part}, so the load was incomplete.`);
    print(report.isSteady ? "Nothing grew." : "Something grew, see above.");
    if (options.out !== undefined) {
      writeReport(options.out, report);
      print(`Report as JSON: ${options.out}`);
    }
    if (!report.isSteady) process.exitCode = 1;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  }
}

async function measure(options: Options, signal: AbortSignal): Promise<SoakReport> {
  const { minutes, everySeconds } = options;
  const startedAt = new Date().toISOString();
  let maxRate: number | undefined;
  if (options.rate === undefined) {
    // On another server: its memory under this load would hide growth in the run.
    maxRate = await withSoak((soak) => soak.maxRate(options.measureSeconds, signal));
    print(`maximum: ${compact(maxRate)} messages per second`);
  }
  const rate = options.rate ?? (maxRate ?? 0) / 2;
  const count = Math.floor((minutes * 60) / everySeconds);
  const { samples, ending } = await withSoak(async (soak) => {
    print(`server ${soak.server.grpcAddress}, data ${soak.server.dataDir}`);
    print(`sending ${compact(rate)} per second for ${minutes} minutes, ${count} samples`);
    const samples = await soak.run(rate, count, everySeconds * 1_000, signal, (sample, last) =>
      print(sampleLine(sample, last)),
    );
    return { samples, ending: await soak.finish() };
  });
  const verdicts = [...judge(samples), ...judgeEnding(ending)];
  const missing = missingParts(ending, minutes);
  return {
    version: 1,
    startedAt,
    machine: machine(),
    minutes,
    everySeconds,
    maxRate,
    rate,
    isSteady: missing.length === 0 && verdicts.every(({ wrong }) => wrong === undefined),
    missing,
    verdicts,
    ending,
    samples,
  };
}

function othersOf({ samples }: SoakReport): number {
  const [first, last] = [samples[0], samples.at(-1)];
  return first === undefined || last === undefined ? 0 : othersPercent(first, last);
}

async function withSoak<T>(use: (soak: Soak) => Promise<T>): Promise<T> {
  const soak = await Soak.start();
  try {
    return await use(soak);
  } finally {
    await soak.end();
  }
}
