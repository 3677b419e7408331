import { parseArgs } from "node:util";

export interface Options {
  readonly minutes: number;
  /** Messages a second; undefined: half of the most, which is measured first. */
  readonly rate: number | undefined;
  /** How long the most is measured, in seconds. */
  readonly measureSeconds: number;
  /** From one look at everything to the next, in seconds. */
  readonly everySeconds: number;
  /** Where the report goes, as JSON. */
  readonly out: string | undefined;
  readonly help: boolean;
}

export const HELP = `Runs one server under a steady, mixed load, and looks whether anything grows that should not.

  npm run soak                          20 minutes at half of the most that this machine takes
  npm run soak -- --minutes 5 --rate 500

  --minutes N     length of the run, after the measurement. Default 20
  --rate N        messages a second. Default: half of the most, measured first
  --measure S     seconds for which the most is measured. Default 10
  --every S       seconds from one sample to the next. Default 10
  --out FILE      write the report there, as JSON
  --help          this

The load: producers and workers by the TypeScript client. Most messages succeed; some fail twice, are
released, lose their lease, or are quarantined and retried by an operator. Connections end every 20 s.

Each figure's median over the last tenth of the run is compared with that over the first tenth after the
warm-up (15 % of the run); of the heap the least is, as after a collection. It may be 10 % more, and a little
that makes up for noise: the table says how much it may be. And it may not rise from each fifth of the run to
the next by more than half of that together.

Windows of dedup keys and sources, and the journal, are short, so that their bounds are reached in the
warm-up. The answers to requests, which are kept for 10 to 20 minutes, can't be shortened: their number of
keys is bounded instead, and their memory is accounted for at the end.

A run of less than five minutes may fail by the server's memory alone: a young process still grows.

Exit code 0: all is at the end as at the start. 1: something is not. 2: wrong options.
`;

export class UsageError extends Error {}

/** @throws {UsageError} */
export function readOptions(args: readonly string[]): Options {
  const { values } = parse(args);
  return {
    minutes: numberOf("minutes", values.minutes ?? "20", 0.05, 24 * 60),
    rate: values.rate === undefined ? undefined : numberOf("rate", values.rate, 1, 100_000),
    measureSeconds: numberOf("measure", values.measure ?? "10", 4, 600),
    everySeconds: numberOf("every", values.every ?? "10", 0.2, 600),
    out: values.out,
    help: values.help === true,
  };
}

function parse(args: readonly string[]) {
  const value = { type: "string" } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        minutes: value,
        rate: value,
        measure: value,
        every: value,
        out: value,
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function numberOf(name: string, text: string, min: number, max: number): number {
  const number = Number(text);
  if (text.trim() !== "" && number >= min && number <= max) return number;
  throw new UsageError(`--${name} takes a number from ${min} to ${max}, not ${text}.`);
}
