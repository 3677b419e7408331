import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Language } from "./install.ts";

/** A client that has not closed by then hangs: its sends try for 5 s, its handlers take no time. */
const STOP_DEADLINE_MS = 60_000;
const KEPT_OUTPUT_CHARS = 4_000;

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** A producer or a worker, in a process of its own. */
export class Program {
  readonly name: string;
  isKilled = false;
  readonly #child: ChildProcess;
  #output = "";

  constructor(
    language: Language,
    program: "producer" | "worker",
    args: Readonly<Record<string, string>> & { readonly name: string },
  ) {
    this.name = args.name;
    const [command = "", ...words] = language.command(program);
    const flags = Object.entries(args).flatMap(([flag, text]) => [`--${flag}`, text]);
    this.#child = spawn(command, [...words, ...language.args, ...flags], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...language.env },
    });
    running.add(this.#child);
    this.#child.once("exit", () => running.delete(this.#child));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.#output = (this.#output + chunk.toString()).slice(-KEPT_OUTPUT_CHARS);
      });
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Why it ended, if nobody asked it to. */
  get failure(): string | undefined {
    const { exitCode, signalCode } = this.#child;
    if (!this.#hasEnded || exitCode === 0 || this.isKilled) return undefined;
    return `${this.name} ended with ${exitCode ?? signalCode}: ${this.#output}`;
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async kill9(): Promise<void> {
    if (this.#hasEnded) return;
    this.isKilled = true;
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exited;
  }

  /** @throws Error with its last words, if it does not end well */
  async stop(): Promise<void> {
    if (!this.#hasEnded) {
      const exited = once(this.#child, "exit", { signal: AbortSignal.timeout(STOP_DEADLINE_MS) });
      this.#child.kill("SIGTERM");
      await exited.catch(() => {
        this.#child.kill("SIGKILL");
        throw new Error(`${this.name} does not end: ${this.#output}`);
      });
    }
    if (this.failure !== undefined) throw new Error(this.failure);
  }
}
