// The soak: runs it, tells how it goes, and says whether all is at the end as at the start.
// `npm run soak` sets up what this needs, and is the way to call it.

import { machine } from "../bench/report/result-file.ts";
import { compact } from "../bench/report/table.ts";
import { judgeEnding, missingParts } from "./ending.ts";
import { judge } from "./judge.ts";
import { HELP, type Options, readOptions, UsageError } from "./options.ts";
import { type SoakReport, sampleLine, verdictTable, writeReport } from "./report.ts";
import { othersPercent } from "./sample.ts";
import { Soak } from "./soak.ts";

/** Beyond this share of a core, other programs make what was measured of time doubtful. */
const OTHERS_MAX_PERCENT = 15;

const print = (text: string) => void process.stdout.write(`${text}\n`);

try {
  await main(readOptions(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\nnpm run soak -- --help tells what there is.\n`);
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
        `Other programs used ${compact(others)} % of a core meanwhile: judge lateness on a quiet machine.`,
      );
    }
    for (const part of report.missing) print(`Nothing was ${part}: the mix was not whole.`);
    print(
      report.isSteady ? "All is at the end as at the start." : "Not as at the start; see above.",
    );
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
  let mostRate: number | undefined;
  if (options.rate === undefined) {
    // A server of its own: memory that it took under such a load would hide what the run takes.
    mostRate = await withSoak((soak) => soak.mostRate(options.measureSeconds, signal));
    print(`at most ${compact(mostRate)} messages a second`);
  }
  const rate = options.rate ?? (mostRate ?? 0) / 2;
  const count = Math.floor((minutes * 60) / everySeconds);
  const { samples, ending } = await withSoak(async (soak) => {
    print(`server ${soak.server.grpcAddress}, data ${soak.server.dataDir}`);
    print(`sending ${compact(rate)} a second for ${minutes} minutes, ${count} samples`);
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
    mostRate,
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
