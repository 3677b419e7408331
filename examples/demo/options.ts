import { parseArgs } from "node:util";

export interface DemoOptions {
  /** About how long the story takes: the outages are shares of it. */
  readonly seconds: number;
  readonly seed: number;
  readonly isPlain: boolean;
  readonly keep: boolean;
  readonly help: boolean;
}

export const HELP = `npm run demo -- [options]

A shop calls six services over HTTP, and all of them fail, each in its own way. What fails becomes
a dead letter of a dlq-service that runs for this alone; a worker retries it when it is due. Some
recover, some end in quarantine.

  --seconds N   about how long it takes, 5 to 60 (default 24); outages last a share of it
  --seed N      other orders in another order (default 1)
  --plain       one line an event, as where the output is no terminal
  --keep        leave everything running at the end, with commands to try, until Ctrl-C
  --help        this

Everything runs on the loopback, on free ports, with data in a temporary folder, and is ended and
removed when the demo ends. Colours are off with NO_COLOR=1.
`;

const DEFAULT_SECONDS = 24;
const LEAST_SECONDS = 5;
/** The policies in dlq.yaml outlast no longer outage. */
const MOST_SECONDS = 60;

/** @throws Error with a message for the user */
export function parseOptions(args: readonly string[]): DemoOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: "string" },
      seed: { type: "string" },
      plain: { type: "boolean", default: false },
      keep: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const { plain: isPlain, keep, help } = values;
  const seconds = number("--seconds", values.seconds, DEFAULT_SECONDS);
  if (seconds < LEAST_SECONDS || seconds > MOST_SECONDS) {
    throw new Error(`--seconds ${seconds}: give ${LEAST_SECONDS} to ${MOST_SECONDS}`);
  }
  return { seconds, seed: number("--seed", values.seed, 1), isPlain, keep, help };
}

function number(flag: string, given: string | undefined, otherwise: number): number {
  if (given === undefined) return otherwise;
  if (!/^\d{1,9}$/.test(given)) throw new Error(`${flag} ${given}: give a whole number`);
  return Number(given);
}
