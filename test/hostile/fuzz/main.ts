// `node test/hostile/fuzz/main.ts`: sends arbitrary requests to a server until one is answered wrongly.

import { parseArgs } from "node:util";
import { keepFound } from "./found.ts";
import { fuzz } from "./run.ts";
import { MAX_CPU_MS, MAX_GROWTH_MIB } from "./target.ts";

const HELP = `Sends arbitrary requests to both ports of a server: protobuf, JSON, expressions and patches.

  node test/hostile/fuzz/main.ts [--seconds S] [--seed N]

  --seconds S   how long. Default 300
  --seed N      the same seed gives the same requests. Default: the time
  --help        print this text

Each must be answered by success or a typed error without an internal message, and cost at most
${MAX_CPU_MS} ms of CPU; live memory may grow by ${MAX_GROWTH_MIB} MiB. The smallest request that fails is written to
test/hostile/fuzz/found, whose files npm test sends again. Exit code 1: one was found.
`;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "300" },
    seed: { type: "string" },
    help: { type: "boolean", short: "h" },
  },
});

async function main(): Promise<void> {
  if (values.help === true) {
    process.stdout.write(HELP);
    return;
  }
  const seed = Number(values.seed ?? Date.now() % 2 ** 31);
  const { inputs, found } = await fuzz(seed, Number(values.seconds) * 1_000);
  process.stdout.write(`seed ${seed}: ${inputs} requests\n`);
  if (found === undefined) return;
  const place = keepFound(found.input, found.why);
  process.stdout.write(`${found.why}\nkept as ${place}\n`);
  process.exitCode = 1;
}

await main();
