// Runs the demo script in a test, with its output and the processes that it started.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { onTestFinished } from "vitest";
import { findPython } from "../support/python.ts";
import { findRedisServer } from "../support/redis.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const SCRIPT = join(ROOT, "scripts/demo.mjs");

export interface DemoRun {
  /** Its stdout and stderr so far. */
  output(): string;
  /** Resolves when the output matches. Rejects if the demo ends without a match. */
  untilOutput(pattern: RegExp): Promise<RegExpExecArray>;
  /** Its child processes and their descendants. */
  descendants(): number[];
  signal(name: NodeJS.Signals): void;
  /** Types keys on the terminal. */
  type(keys: string): void;
  /** The exit code. */
  readonly ended: Promise<number | null>;
  /** Files and folders in its temporary folder. */
  leftovers(): Promise<string[]>;
}

/** Runs a command on a terminal of 80 x 24. Forwards keys, output and the exit code. */
const ON_TERMINAL = `
import fcntl, os, pty, select, struct, sys, termios
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    os.execv(sys.argv[1], sys.argv[1:])
try:
    inputs = [0, terminal]
    while True:
        for ready in select.select(inputs, [], [])[0]:
            data = os.read(ready, 65536)
            os.write(1 if ready == terminal else terminal, data)
            if not data: inputs.remove(ready)
except OSError:
    pass # Linux reports EIO at the end
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))`;

export async function runDemo(
  args: readonly string[],
  { onTerminal = false, env = {} }: { onTerminal?: boolean; env?: NodeJS.ProcessEnv } = {},
): Promise<DemoRun> {
  const temporary = await mkdtemp(join(tmpdir(), "demo-"));
  const command = [process.execPath, SCRIPT, ...args];
  const [file = "", ...rest] = onTerminal ? [findPython(), "-c", ON_TERMINAL, ...command] : command;
  const { PATH, HOME } = process.env;
  const child = spawn(file, rest, {
    env: { PATH, HOME, TMPDIR: temporary, DLQ_REDIS_SERVER: findRedisServer(), ...env },
    stdio: "pipe",
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
  }
  const ended = once(child, "close").then(([code]) => code as number | null);
  onTestFinished(async () => {
    child.kill("SIGTERM");
    await ended;
    await rm(temporary, { recursive: true, force: true });
  });

  return {
    output: () => text,
    async untilOutput(pattern) {
      for (let isOver = false; ; ) {
        const found = pattern.exec(text);
        if (found !== null) return found;
        if (isOver) throw new Error(`it ended without ${pattern}:\n${text}`);
        isOver = await Promise.race([
          ended.then(() => true),
          once(child.stdout, "data").then(() => false),
        ]);
      }
    },
    descendants: () => descendantsOf(child.pid ?? 0),
    signal: (name) => void child.kill(name),
    type: (keys) => void child.stdin.write(keys),
    ended,
    leftovers: () => readdir(temporary),
  };
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function descendantsOf(pid: number): number[] {
  const table = execFileSync("ps", ["-e", "-o", "pid=,ppid="], { encoding: "utf8" });
  const rows = table
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));
  const childrenOf = (parent: number): number[] =>
    rows.flatMap(([id = 0, of]) => (of === parent ? [id, ...childrenOf(id)] : []));
  return childrenOf(pid);
}
