// A program that the demo starts and ends.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

export interface Program<Ready> {
  /** In error messages. */
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Gets each line of its output until it returns a value: the program is ready. */
  readonly onLine: (line: string) => Ready | undefined;
}

export interface DemoChild<Ready> {
  readonly ready: Ready;
  /** Rejects if the process ends before `end` is called. Never resolves. */
  readonly failed: Promise<never>;
  /** Resolves when the process has ended. */
  end(): Promise<void>;
}

const START_DEADLINE_MS = 30_000;
/** A shutdown takes a fraction of a second, longer on a busy machine. */
const END_DEADLINE_MS = 5_000;
const KEPT_OUTPUT_CHARS = 4_000;

/** @param signal aborts the start. If this rejects, the process has ended. */
export async function startChild<Ready>(
  program: Program<Ready>,
  signal: AbortSignal,
): Promise<DemoChild<Ready>> {
  const { name, file, args, env } = program;
  const child = spawn(file, args, {
    env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true, // Ctrl-C must reach the demo only, which then stops the program
  });
  const killNow = () => child.kill("SIGTERM"); // in case the demo ends without ending the program
  process.once("exit", killNow);
  const hasEnded = new Promise<void>((done) => {
    child.once("close", () => done());
    child.once("error", () => done());
  });
  let isStopping = false;

  async function end(): Promise<void> {
    isStopping = true;
    const timer = setTimeout(() => child.kill("SIGKILL"), END_DEADLINE_MS);
    child.kill("SIGTERM");
    await hasEnded;
    clearTimeout(timer);
    process.off("exit", killNow);
  }

  const output = createOutput();
  const failed = hasEnded.then(() => {
    if (isStopping) return new Promise<never>(() => {});
    throw new Error(`${name} ended unexpectedly:\n${output.text()}`);
  });
  failed.catch(() => {}); // prevents an unhandled rejection; callers still get it
  try {
    const isReady = untilReady(child, program, output.add, signal);
    return { ready: await Promise.race([isReady, failed]), failed, end };
  } catch (error) {
    await end();
    throw error;
  }
}

async function untilReady<Ready>(
  child: ChildProcessByStdio<null, Readable, Readable>,
  { name, onLine }: Program<Ready>,
  keep: (line: string) => void,
  signal: AbortSignal,
): Promise<Ready> {
  const { promise, resolve, reject } = Promise.withResolvers<Ready>();
  let isReady = false;
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on("line", (line) => {
      keep(line);
      const ready = isReady ? undefined : onLine(line);
      if (ready === undefined) return;
      isReady = true;
      resolve(ready);
    });
  }
  const stop = () => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  const late = () => reject(new Error(`${name} was not ready within ${START_DEADLINE_MS} ms`));
  const timer = setTimeout(late, START_DEADLINE_MS);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

/** Keeps the end of the output, for the error message. */
function createOutput() {
  let text = "";
  return {
    text: () => text,
    add: (line: string) => {
      text = `${text}${line}\n`.slice(-KEPT_OUTPUT_CHARS);
    },
  };
}
