import { numberOption, parseOptions } from "../support/command-line.ts";

export interface Options {
  readonly minutes: number;
  /** Messages per second. Undefined: half of the maximum, which is measured first. */
  readonly rate: number | undefined;
  /** Duration of the measurement of the maximum, in seconds. */
  readonly measureSeconds: number;
  /** Interval of samples, in seconds. */
  readonly everySeconds: number;
  /** File for the report in JSON. */
  readonly out: string | undefined;
  readonly help: boolean;
}

export const HELP = `Runs one server under a steady, mixed load, and reports whether anything grows that must not.

  npm run soak                          20 minutes at half of the maximum rate of this machine
  npm run soak -- --minutes 5 --rate 500

  --minutes N     length of the run, after the measurement. Default 20
  --rate N        messages per second. Default: half of the maximum, which is measured first
  --measure S     seconds for measuring the maximum. Default 10
  --every S       seconds between samples. Default 10
  --out FILE      write the report in JSON
  --help          print this text

The load: producers and workers with the TypeScript client. Most messages succeed; some fail twice, are
released, lose their lease, or are quarantined and retried by an operator. Connections end every 20 s.

For each figure, the median of the last tenth of the run is compared with the first tenth after the warm-up
(15 % of the run). For the heap it is the least value, as after a garbage collection. A figure may grow by
10 % plus some slack for noise; the table has the limit. It also may not rise in every fifth of the run by
more than half of that in all.

The windows of dedup keys and sources, and the outbox, are short, so that they are full after the warm-up.
The stored answers to requests last 10 to 20 minutes: their number of keys is limited instead, and the end
accounts for their memory.

A run of less than five minutes may fail only because the memory of a young process still grows.

Exit code 0: nothing grew. 1: something grew. 2: wrong options.
`;

const value = { type: "string" } as const;
const OPTIONS = {
  minutes: value,
  rate: value,
  measure: value,
  every: value,
  out: value,
  help: { type: "boolean", short: "h" },
} as const;

/** @throws {UsageError} */
export function readOptions(args: readonly string[]): Options {
  const values = parseOptions(args, OPTIONS);
  return {
    minutes: numberOption("minutes", values.minutes ?? "20", 0.05, 24 * 60),
    rate: values.rate === undefined ? undefined : numberOption("rate", values.rate, 1, 100_000),
    measureSeconds: numberOption("measure", values.measure ?? "10", 4, 600),
    everySeconds: numberOption("every", values.every ?? "10", 0.2, 600),
    out: values.out,
    help: values.help === true,
  };
}
