import { parseArgs } from "node:util";
import type { Plan } from "./plan.ts";
import { planOf } from "./plan.ts";

export interface Options {
  readonly plan: Plan;
  /** Where histories and spools are kept; undefined: in a folder that is removed after a good end. */
  readonly keep: string | undefined;
  readonly help: boolean;
}

export const HELP = `Takes the service away from clients under load, and counts what became of each send.

  npm run outage                        10.5 minutes
  npm run outage -- --minutes 0.2       a quick look

  --minutes N   how long the service is away. Default 10.5
  --rate N      sends a second of each language, by two processes together. Default 40
  --keep DIR    keep histories and spool files there
  --help        this

Of each language there are two producers, which share a spool folder, and a worker. The server is killed
while answers of producers are lost, so that some sends are stored and nobody knows; again while it takes what
was spooled meanwhile. While it is away, what it remembers of request ids is removed from Redis. One producer of each language is killed (SIGKILL) three times: as the server goes,
in the middle, and as the server is back.

Exit code 0: each send that was kept was processed as one message. 1: something is wrong. 2: wrong options.
`;

export class UsageError extends Error {}

/** @throws {UsageError} */
export function readOptions(args: readonly string[]): Options {
  const { values } = parse(args);
  const minutes = numberOf("minutes", values.minutes ?? "10.5", 0.1, 24 * 60);
  const rate = numberOf("rate", values.rate ?? "40", 2, 1_000);
  return { plan: planOf(minutes, rate), keep: values.keep, help: values.help === true };
}

function parse(args: readonly string[]) {
  const value = { type: "string" } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        minutes: value,
        rate: value,
        keep: value,
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
