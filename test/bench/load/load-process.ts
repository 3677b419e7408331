// Starts and controls a load process. It is separate from the server, so that the CPU of both is measured separately.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { Answer, Command, LoadResult } from "./commands.ts";

const END_DEADLINE_MS = 5_000;
const KEPT_ERROR_CHARS = 4_000;

const running = new Set<ChildProcessByStdio<Writable, Readable, Readable>>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export class LoadProcess {
  readonly pid: number;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  #waiting: { answer(result: LoadResult): void; fail(error: Error): void } | undefined;
  #onProgress: ((count: number) => void) | undefined;
  #errors = "";

  /** @param place working folder and environment. Default: those of the benchmark */
  constructor(
    command: string,
    args: readonly string[],
    place: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string } = {},
  ) {
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], ...place });
    this.#child = child;
    this.pid = child.pid ?? 0;
    running.add(child);
    child.once("exit", (code, signal) => {
      running.delete(child);
      this.#waiting?.fail(new Error(`the load ended with ${code ?? signal}:\n${this.#errors}`));
    });
    child.once("error", (error) => this.#waiting?.fail(error));
    child.stdin.on("error", () => {}); // `exit` reports the end of the process
    child.stderr.on("data", (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString()).slice(-KEPT_ERROR_CHARS);
    });
    createInterface({ input: child.stdout }).on("line", (line) => this.#onLine(line));
  }

  /** Runs one command. Rejects if it fails or takes too long. */
  async run(
    command: Command,
    deadlineMs: number,
    onProgress?: (count: number) => void,
  ): Promise<LoadResult> {
    if (this.#waiting !== undefined) throw new Error("the load process is busy");
    const { promise, resolve, reject } = Promise.withResolvers<LoadResult>();
    this.#waiting = { answer: resolve, fail: reject };
    this.#onProgress = onProgress;
    const late = () => reject(new Error(`${command.op} did not end within ${deadlineMs} ms`));
    const timer = setTimeout(late, deadlineMs);
    this.#write(command);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting = undefined;
      this.#onProgress = undefined;
    }
  }

  /** Stops the running command. Its `run` resolves with the result so far. */
  stop(): void {
    this.#write({ op: "stop" });
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), END_DEADLINE_MS);
    await exited;
    clearTimeout(timer);
  }

  #write(command: Command): void {
    this.#child.stdin.write(`${JSON.stringify(command)}\n`);
  }

  #onLine(line: string): void {
    const answer = JSON.parse(line) as Answer;
    if ("progress" in answer) this.#onProgress?.(answer.progress);
    else if ("error" in answer) this.#waiting?.fail(new Error(answer.error));
    else this.#waiting?.answer(answer.result);
  }
}
