import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import type { ActorProgram } from "./actor-program.ts";

/** The `--name value` arguments of an actor. */
export type ActorArgs = Readonly<Record<string, string | number>>;

export interface ActorSpec {
  /** Unique in a run. Also the name of its history file. */
  readonly name: string;
  readonly program: ActorProgram;
  readonly args: ActorArgs;
  readonly folder: string;
}

/** An actor that runs longer after SIGTERM hangs. Sends and outcomes are retried for some seconds. */
const STOP_DEADLINE_MS = 240_000;

/** Running processes, which are killed when the suite ends. */
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** A producer or worker in its own process, which can be stopped and killed. */
export class Actor {
  readonly name: string;
  readonly history: string;
  readonly #child: ChildProcess;
  #output = "";
  /** Whether the suite killed it. Any other SIGKILL is a failure, for example for lack of memory. */
  #isKilled = false;

  constructor(spec: ActorSpec) {
    const { name, program, args, folder } = spec;
    this.name = name;
    this.history = resolve(folder, `${name}.jsonl`);
    const words = Object.entries({ ...args, name, out: this.history });
    const flags = words.flatMap(([flag, value]) => [`--${flag}`, String(value)]);
    const [command = "", ...first] = program.command;
    this.#child = spawn(command, [...first, ...flags], {
      stdio: ["ignore", "pipe", "pipe"],
      cwd: program.folder,
      env: program.env ?? process.env,
    });
    running.add(this.#child);
    this.#child.once("exit", () => running.delete(this.#child));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on("line", (line) => {
        this.#output = `${this.#output}${line}\n`.slice(-4_000);
      });
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Why it failed, with the end of its output. Undefined if it did not fail. */
  get failure(): string | undefined {
    const { exitCode, signalCode } = this.#child;
    if (!this.hasEnded || exitCode === 0) return undefined;
    if (signalCode === "SIGKILL" && this.#isKilled) return undefined;
    return `${this.name} ended with ${exitCode ?? signalCode}: ${this.#output}`;
  }

  pause(): void {
    this.#child.kill("SIGSTOP");
  }

  resume(): void {
    this.#child.kill("SIGCONT");
  }

  async kill9(): Promise<void> {
    if (this.hasEnded) return;
    this.#isKilled = true;
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exited;
  }

  /** Stops it by SIGTERM. @throws Error with the end of its output if it fails or does not end */
  async stop(): Promise<void> {
    if (!this.hasEnded) {
      const exited = once(this.#child, "exit", { signal: AbortSignal.timeout(STOP_DEADLINE_MS) });
      this.#child.kill("SIGTERM");
      await exited.catch(() => {
        this.#child.kill("SIGKILL");
        throw new Error(`${this.name} did not end after SIGTERM: ${this.#output}`);
      });
    }
    if (this.failure !== undefined) throw new Error(this.failure);
  }
}
