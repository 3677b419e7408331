import { numberOption, parseOptions } from "../support/command-line.ts";

/** The course of an outage. */
export interface Plan {
  readonly outageMs: number;
  /** Sends a second of each language. */
  readonly rate: number;
  /** Load before the server is killed. */
  readonly warmUpMs: number;
  /** From the end of a killed producer to the start of the next one. */
  readonly replaceAfterMs: number;
  /** Load after the last producer was replaced. */
  readonly afterMs: number;
  /** Whether the other producer must recover a killed one's spool files before the next one starts. */
  readonly mustRecover: boolean;
}

export interface Options {
  readonly plan: Plan;
  /** Where histories and spools are kept; undefined: in a folder that a good run removes. */
  readonly keep: string | undefined;
  readonly help: boolean;
}

export const HELP = `Makes the service unavailable to clients under load, and checks what became of each send.

  npm run outage                        10.5 minutes
  npm run outage -- --minutes 0.2       a quick look

  --minutes N   how long the service is unavailable. Default 10.5
  --rate N      sends a second of each language, by two processes together. Default 40
  --keep DIR    keep histories and spool files there
  --help        this

Each language has two producers, which share a spool folder, and a worker. The server is killed while its answers are
lost, so that some sends are stored without a result. It is killed again while clients flush their spools. Meanwhile the
request ids are removed from Redis. One producer of each language is killed (SIGKILL) three times: when the server is
killed, in the middle of the outage, and when the server is back.

Exit code 0: each send that was kept was processed as one message. 1: something is wrong. 2: wrong options.
`;

const value = { type: "string" } as const;
const OPTIONS = {
  minutes: value,
  rate: value,
  keep: value,
  help: { type: "boolean", short: "h" },
} as const;

/** @throws {UsageError} */
export function readOptions(args: readonly string[]): Options {
  const values = parseOptions(args, OPTIONS);
  const minutes = numberOption("minutes", values.minutes ?? "10.5", 0.1, 24 * 60);
  const rate = numberOption("rate", values.rate ?? "40", 2, 1_000);
  return { plan: planOf(minutes, rate), keep: values.keep, help: values.help === true };
}

const MINUTE_MS = 60_000;
/** Longer than a client takes to look for orphaned spool files (30 s). */
const RECOVERY_MS = 45_000;

function planOf(minutes: number, rate: number): Plan {
  const outageMs = minutes * MINUTE_MS;
  const isLong = outageMs >= 4 * RECOVERY_MS;
  return {
    outageMs,
    rate,
    warmUpMs: isLong ? 20_000 : 2_000,
    replaceAfterMs: isLong ? RECOVERY_MS : outageMs / 4,
    afterMs: isLong ? 20_000 : 2_000,
    mustRecover: isLong,
  };
}
