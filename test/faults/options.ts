import { parseArgs } from "node:util";
import type { EnvironmentName } from "./rig/environment.ts";

export interface Options {
  readonly long: boolean;
  readonly seed: number;
  readonly environments: readonly EnvironmentName[];
  /** Kinds of faults to run; none: all. */
  readonly only: readonly string[];
  /** Instead of the form's own, for each environment. */
  readonly messages: number | undefined;
  readonly faults: number | undefined;
  readonly rate: number | undefined;
  readonly report: string | undefined;
  /** Write how many faults there were, and how many problems, as JSON. */
  readonly count: string | undefined;
  readonly histories: string | undefined;
  readonly help: boolean;
  readonly list: boolean;
}

export const HELP = `Real servers, producers and workers under faults; then a proof that nothing was lost.

  npm run test:faults                     the short form: 50,000 messages, each kind of fault, and pairs
  npm run test:faults -- --long           2,000,000 messages, more than 200 faults by chance, of which
                                          20 are long outages; the median of each kind is judged
  npm run test:faults -- --seed 7         the same faults in the same order as another run with 7

  --seed N          what chance goes by; printed at the start. Default: another each time
  --environment NAME      external, everysec, embedded, sentinel or replicas; may be given several times. Default: all
  --only KIND       a kind of fault; may be given several times. Default: all of the environment
  --list            name the kinds of faults, and end
  --messages N      messages that must be acknowledged, of each environment
  --faults N        faults by chance, of each environment, instead of each kind once
  --rate N          messages a second
  --report FILE     write the report there too, as Markdown
  --count FILE      write {"faults": N, "problems": N} there
  --histories DIR   keep there what the actors wrote down. Default: kept only when something failed
  --help            this

Exit code 1: something was lost, doubled without a cause, or did not come back within 10 s; or the
short form took more than 10 minutes. It says what and where.
`;

export class UsageError extends Error {}

const WORLDS: readonly EnvironmentName[] = [
  "external",
  "everysec",
  "embedded",
  "sentinel",
  "replicas",
];

/** @throws {UsageError} */
export function readOptions(args: readonly string[]): Options {
  const values = parse(args);
  const environments = values.environment ?? WORLDS;
  for (const environment of environments) {
    if (!WORLDS.includes(environment as EnvironmentName))
      throw new UsageError(
        `There is no environment ${environment}; there are ${WORLDS.join(", ")}.`,
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
    count: values.count,
    histories: values.histories,
    help: values.help === true,
    list: values.list === true,
  };
}

function parse(args: readonly string[]) {
  const flag = { type: "boolean" } as const;
  const value = { type: "string" } as const;
  const several = { type: "string", multiple: true } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
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
        count: value,
        histories: value,
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (Number.isInteger(number) && number >= 0) return number;
  throw new UsageError(`--${name} is ${text}; give a whole number.`);
}
