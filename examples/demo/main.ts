// `npm run demo`, once everything it needs is there. Exit codes: 0 at a good end, 1 if not, 2 for
// wrong arguments, 130 when it was stopped.

import { createPaint } from "./ansi.ts";
import { runDemo } from "./demo.ts";
import { type DemoOptions, HELP, parseOptions } from "./options.ts";
import { createPlainView } from "./plain.ts";
import { createScreen } from "./screen.ts";
import type { Scene } from "./view.ts";

const EXIT_CODES = { good: 0, bad: 1, stopped: 130 };
/** A terminal's Ctrl-C reaches us up to three times: by itself, by npm, by the script before this. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const PARENT_LOOK_MS = 250;

const { stdout, stderr, env } = process;
process.exitCode = await main();

async function main(): Promise<number> {
  let options: DemoOptions;
  try {
    options = parseOptions(process.argv.slice(2));
  } catch (error) {
    stderr.write(`${wordsOf(error)}\nnpm run demo -- --help  says what there is.\n`);
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
    stderr.write(`The demo could not go on: ${wordsOf(error)}\n`);
    return 1;
  }
}

/** Aborts when somebody wants an end, or when the script that started this is gone. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const name of SIGNALS) process.on(name, () => stop.abort());
  stdout.on("error", () => stop.abort()); // its reader is gone, or the terminal
  const parent = process.ppid;
  setInterval(() => process.ppid === parent || stop.abort(), PARENT_LOOK_MS).unref();
  return stop.signal;
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
