import { numberOption, parseOptions } from "../support/command-line.ts";

export interface Options {
  readonly form: "short" | "full";
  readonly only: readonly string[];
  readonly samples: number;
  readonly seconds: number;
  readonly stored: number;
  readonly json: string | undefined;
  readonly csv: string | undefined;
  readonly compare: string | undefined;
  readonly help: boolean;
  readonly list: boolean;
  /** Only print the needed tools, as JSON. */
  readonly tools: boolean;
}

export const HELP = `Compares this service with other systems, all on this machine.

  npm run bench                         short form, a few minutes
  npm run bench -- --full               every row on every system, longer samples
  npm run bench -- --only send-unary    only these rows; repeatable

  --only PATTERN    ROW or ROW/SYSTEM, * for anything: deliver, 'send*', 'deliver/bullmq',
                    'send-unary/noop:http2', '*/dlq:always'. Also matches rows outside of the short form
  --list            print the rows and systems that would run, and exit
  --full            every row on every system
  --samples N       samples of each row; the table shows their median. Default 5
  --seconds S       approximate length of one sample. Default 0.6, with --full 2
  --stored N        messages of the rows with many stored ones. Default 200000,
                    with --full 1000000
  --json FILE       write the results to a file. Default bench.json in .runtime
  --csv FILE        also write the figures as a table, for documents
  --compare FILE    show the change of each figure against FILE
  --help            print this text

Exit code 1: a row failed, or a tool is missing.
`;

const flag = { type: "boolean" } as const;
const value = { type: "string" } as const;
const OPTIONS = {
  only: { type: "string", multiple: true },
  full: flag,
  list: flag,
  help: { type: "boolean", short: "h" },
  tools: flag,
  samples: value,
  seconds: value,
  stored: value,
  json: value,
  csv: value,
  compare: value,
} as const;

/** @throws {UsageError} */
export function readOptions(args: readonly string[]): Options {
  const values = parseOptions(args, OPTIONS);
  const form = values.full === true ? "full" : "short";
  return {
    form,
    only: values.only ?? [],
    samples: numberOption("samples", values.samples ?? "5", 1),
    seconds: numberOption("seconds", values.seconds ?? (form === "full" ? "2" : "0.6"), 0.01),
    stored: numberOption(
      "stored",
      values.stored ?? (form === "full" ? "1000000" : "200000"),
      1_000,
    ),
    json: values.json,
    csv: values.csv,
    compare: values.compare,
    help: values.help === true,
    list: values.list === true,
    tools: values.tools === true,
  };
}
