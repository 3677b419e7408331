// `npm run demo` starts this after it has installed what the demo needs. Exit codes: 0 if every order was decided,
// 1 if not, 2 for wrong arguments, 130 when stopped.

import { parseArgs } from "node:util";
import { type DemoOptions, runDemo } from "./demo.ts";
import { checkNatsUrl, INSTALL_CLI } from "./nats.ts";
import { createPaint, createScreen } from "./screen.ts";
import { createPlainView, type Scene } from "./view.ts";

const EXIT_CODES = { good: 0, bad: 1, stopped: 130 };
/** Ctrl-C can arrive three times: from the terminal, from npm and from the script that started this. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const PARENT_CHECK_MS = 250;

const { stdout, stderr, env } = process;

async function main(): Promise<number> {
  let options: DemoOptions;
  try {
    options = parseOptions(process.argv.slice(2));
  } catch (error) {
    stderr.write(`${wordsOf(error)}\nnpm run demo -- --help lists the options.\n`);
    return 2;
  }
  if (options.help) {
    stdout.write(HELP);
    return 0;
  }
  const signal = stopSignal();
  const write = (text: string) => void stdout.write(text);
  const isScreen = stdout.isTTY && !options.isPlain && env.TERM !== "dumb";
  const paint = createPaint(isScreen && (env.NO_COLOR ?? "") === "");
  const openView = (scene: Scene) =>
    isScreen ? createScreen(scene, stdout, paint) : createPlainView(scene, write);
  try {
    return EXIT_CODES[await runDemo({ options, write, openView, signal })];
  } catch (error) {
    if (error === signal.reason) return EXIT_CODES.stopped;
    stderr.write(`The demo failed: ${wordsOf(error)}\n`);
    return 1;
  }
}

/** Aborts on a signal, when the output is closed, or when the parent process has ended. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const name of SIGNALS) process.on(name, () => stop.abort());
  stdout.on("error", () => stop.abort()); // the reader of the output has closed it
  const parent = process.ppid;
  setInterval(() => process.ppid === parent || stop.abort(), PARENT_CHECK_MS).unref();
  return stop.signal;
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export const HELP = `npm run demo -- [options]

A shop calls six services over HTTP, and each fails in its own way. A failed order becomes a
dead letter in a dlq-service that the demo starts, and a worker retries it when it is due. Some
orders recover, some are quarantined. While mail is down, a breaker blocks its retries.

  --seconds N   about how long the run takes, 5 to 60 (default 24); outages last a share of it
  --seed N      seed of the random orders (default 1)
  --plain       print one line for each event; default if the output is not a terminal
  --nats [URL]  publish the events to NATS at URL, or to a nats-server that the demo starts, and
                count them; prints commands that show them in a second terminal
  --keep        leave everything running at the end, with commands to try, until Ctrl-C
  --help        print this text

Everything runs on free ports of the loopback interface, with data in a temporary folder. The demo
stops and removes all of it when it ends. NO_COLOR=1 turns colours off.

For --nats without URL, nats-server is built into .runtime/bin, once. The nats command comes by
  ${INSTALL_CLI}
`;

const DEFAULT_SECONDS = 24;
const MIN_SECONDS = 5;
/** In a longer outage, the retries of dlq.yaml would be exhausted. */
const MAX_SECONDS = 60;

/** @throws Error with a message for the user */
export function parseOptions(args: readonly string[]): DemoOptions {
  const isBareNats = (arg: string, at: number) =>
    arg === "--nats" && (args[at + 1] ?? "-").startsWith("-");
  const { values } = parseArgs({
    args: args.filter((arg, at) => !isBareNats(arg, at)),
    options: {
      seconds: { type: "string" },
      seed: { type: "string" },
      plain: { type: "boolean", default: false },
      nats: { type: "string" },
      keep: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const { plain: isPlain, keep, help } = values;
  const seconds = number("--seconds", values.seconds, DEFAULT_SECONDS);
  if (seconds < MIN_SECONDS || seconds > MAX_SECONDS) {
    throw new Error(`--seconds ${seconds}: give ${MIN_SECONDS} to ${MAX_SECONDS}`);
  }
  const seed = number("--seed", values.seed, 1);
  const nats = args.some(isBareNats) ? "own" : values.nats;
  if (values.nats !== undefined) checkNatsUrl(values.nats);
  return { seconds, seed, isPlain, keep, help, nats };
}

function number(flag: string, given: string | undefined, otherwise: number): number {
  if (given === undefined) return otherwise;
  if (!/^\d{1,9}$/.test(given)) throw new Error(`${flag} ${given}: give a whole number`);
  return Number(given);
}

process.exitCode = await main();
