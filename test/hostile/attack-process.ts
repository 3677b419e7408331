// Starts and controls the process of an attacker. It is separate, so that it does not load the event loop of the measured
// client.

import { fork } from "node:child_process";
import { once } from "node:events";
import type { Target } from "./attack.ts";

export type Order =
  | { readonly op: "run"; readonly name: string; readonly target: Target }
  | { readonly op: "stop" };

export type Progress =
  | { readonly is: "begun" | "holding" | "enough" }
  | { readonly is: "done"; readonly counts: Readonly<Record<string, number>> }
  | { readonly is: "failed"; readonly why: string };

const PROGRAM = new URL("./attacker.ts", import.meta.url);
/** Time for the last calls and connections after an attack. */
const END_DEADLINE_MS = 20_000;

export class AttackProcess {
  readonly pid: number;
  /** Resolves after the first action, or when the attack is over. */
  readonly begun: Promise<void>;
  /** Resolves when the attack is set up, or over. */
  readonly holding: Promise<void>;
  /** Resolves when the attack has done its minimum, or is over. */
  readonly enough: Promise<void>;
  /** Resolves with the counts of the attack. Rejects if the server answered wrongly. */
  readonly done: Promise<Readonly<Record<string, number>>>;
  readonly #child: ReturnType<typeof fork>;

  constructor(name: string, target: Target) {
    const child = fork(PROGRAM, { execArgv: [], stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.#child = child;
    this.pid = child.pid ?? 0;
    const begun = Promise.withResolvers<void>();
    const holding = Promise.withResolvers<void>();
    const enough = Promise.withResolvers<void>();
    const done = Promise.withResolvers<Readonly<Record<string, number>>>();
    child.on("message", (progress: Progress) => {
      begun.resolve();
      if (progress.is === "holding") holding.resolve();
      if (progress.is === "enough") enough.resolve();
      if (progress.is === "done") done.resolve(progress.counts);
      if (progress.is === "failed") done.reject(new Error(`${name}: ${progress.why}`));
    });
    child.once("exit", (code, signal) => {
      begun.resolve();
      holding.resolve();
      enough.resolve();
      done.reject(new Error(`the attacker of ${name} ended with ${code ?? signal}`));
    });
    this.begun = begun.promise;
    this.holding = holding.promise;
    this.enough = enough.promise;
    this.done = done.promise;
    this.done.catch(() => {}); // prevents an unhandled rejection; `end` returns it
    this.#send({ op: "run", name, target });
  }

  /** Stops the attack and waits for the end of its process. */
  async end(): Promise<Readonly<Record<string, number>>> {
    const exited = this.#hasExited ? Promise.resolve() : once(this.#child, "exit");
    this.#send({ op: "stop" });
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), END_DEADLINE_MS);
    try {
      await exited;
      return await this.done;
    } finally {
      clearTimeout(timer);
    }
  }

  get #hasExited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  #send(order: Order): void {
    if (this.#child.connected) this.#child.send(order, () => {});
  }
}
