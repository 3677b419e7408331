import { parseOptions, UsageError } from "../support/command-line.ts";
import type { EnvironmentName } from "./rig/environment.ts";

export interface Options {
  readonly long: boolean;
  readonly seed: number;
  readonly environments: readonly EnvironmentName[];
  /** Kinds of faults to run. Empty: all. */
  readonly only: readonly string[];
  /** Replaces the number of the form, for each environment. */
  readonly messages: number | undefined;
  readonly faults: number | undefined;
  readonly rate: number | undefined;
  readonly report: string | undefined;
  /** File for the table of recovery, as CSV. */
  readonly csv: string | undefined;
  /** File for the numbers of faults and problems, as JSON. */
  readonly count: string | undefined;
  readonly histories: string | undefined;
  readonly help: boolean;
  readonly list: boolean;
}

export const HELP = `Injects faults into real servers, producers and workers, and then proves that nothing was lost.

  npm run test:faults                     short form: 50,000 messages, each kind of fault, and pairs
  npm run test:faults -- --long           2,000,000 messages, more than 200 random faults including
                                          20 long outages; also judges the median of each kind
  npm run test:faults -- --seed 7         repeats the faults of another run with seed 7, in the same order

  --seed N          seed of all random choices; printed at the start. Default: random
  --environment NAME  external, everysec, embedded, sentinel, replicas or events;
                    repeatable. Default: all
  --only KIND       a kind of fault; repeatable. Default: all of the environment
  --list            print the kinds of faults and exit
  --messages N      messages that must be acknowledged, in each environment
  --faults N        number of random faults in each environment, instead of each kind once
  --rate N          messages per second
  --report FILE     also write the report to a Markdown file
  --csv FILE        also write the recovery times to a CSV file
  --count FILE      write {"faults": N, "problems": N} to a file
  --histories DIR   folder for the histories. Default: temporary, kept only after a failure
  --help            print this text

Exit code 1: a message was lost or delivered twice without a cause, or something did not recover within
10 s. The output lists all problems.
`;

const ENVIRONMENTS: readonly EnvironmentName[] = [
  "external",
  "everysec",
  "embedded",
  "sentinel",
  "replicas",
  "events",
];

const flag = { type: "boolean" } as const;
const value = { type: "string" } as const;
const several = { type: "string", multiple: true } as const;
const OPTIONS = {
  long: flag,
  list: flag,
  help: { type: "boolean", short: "h" },
  seed: value,
  environment: several,
  only: several,
  messages: value,
  faults: value,
  rate: value,
  report: value,
  csv: value,
  count: value,
  histories: value,
} as const;

/** @throws {UsageError} */
export function readOptions(args: readonly string[]): Options {
  const values = parseOptions(args, OPTIONS);
  const environments = values.environment ?? ENVIRONMENTS;
  for (const environment of environments) {
    if (!ENVIRONMENTS.includes(environment as EnvironmentName))
      throw new UsageError(
        `Unknown environment ${environment}; choose from ${ENVIRONMENTS.join(", ")}.`,
      );
  }
  return {
    long: values.long === true,
    seed: numberOf("seed", values.seed) ?? Math.floor(Math.random() * 1_000_000),
    environments: environments as readonly EnvironmentName[],
    only: values.only ?? [],
    messages: numberOf("messages", values.messages),
    faults: numberOf("faults", values.faults),
    rate: numberOf("rate", values.rate),
    report: values.report,
    csv: values.csv,
    count: values.count,
    histories: values.histories,
    help: values.help === true,
    list: values.list === true,
  };
}

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (Number.isInteger(number) && number >= 0) return number;
  throw new UsageError(`--${name} is ${text}; give a whole number.`);
}
