// The loop of a load process in Node: reads commands, runs them one at a time, and ends with the benchmark.

import { createInterface } from "node:readline";
import type { Answer, Command, LoadResult } from "./commands.ts";

/** Interval of progress reports. */
const PROGRESS_EVERY_MS = 10;

/** Control of a running command. */
export interface Running {
  /** Aborts on the command `stop`. */
  readonly stop: AbortSignal;
  /** Counts finished operations for the next progress report. */
  done(count: number): void;
}

export type Handlers = {
  readonly [Op in Exclude<Command["op"], "stop">]?: (
    command: Extract<Command, { op: Op }>,
    running: Running,
  ) => Promise<LoadResult>;
};

export function serveCommands(handlers: Handlers): void {
  let stopping = new AbortController();
  const lines = createInterface({ input: process.stdin });
  lines.on("line", (line) => {
    const command = JSON.parse(line) as Command;
    if (command.op === "stop") return stopping.abort();
    stopping = new AbortController();
    void run(command, handlers, stopping.signal).then(write);
  });
  lines.on("close", () => process.exit(0));
}

async function run(command: Command, handlers: Handlers, stop: AbortSignal): Promise<Answer> {
  let count = 0;
  let reported = 0;
  const timer = setInterval(() => {
    if (count === reported) return;
    reported = count;
    write({ progress: count });
  }, PROGRESS_EVERY_MS);
  const done = (more: number) => {
    count += more;
  };
  try {
    const handler = handlers[command.op as keyof Handlers] as
      | ((command: Command, running: Running) => Promise<LoadResult>)
      | undefined;
    if (handler === undefined) throw new Error(`this load process has no command ${command.op}`);
    return { result: await handler(command, { stop, done }) };
  } catch (error) {
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  } finally {
    clearInterval(timer);
  }
}

function write(answer: Answer): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
