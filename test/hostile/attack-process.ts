// The tester's side of an attacker: a process of its own, so that its load on an event loop is not
// that of the client which is measured.

import { fork } from "node:child_process";
import { once } from "node:events";
import type { Target } from "./attack.ts";

export type Order =
  | { readonly op: "run"; readonly name: string; readonly target: Target }
  | { readonly op: "stop" };

export type Word =
  | { readonly is: "begun" | "holding" | "enough" }
  | { readonly is: "done"; readonly counts: Readonly<Record<string, number>> }
  | { readonly is: "failed"; readonly why: string };

const PROGRAM = new URL("./attacker.ts", import.meta.url);
/** Beyond the time that an attack is given: its last calls, its connections. */
const END_DEADLINE_MS = 20_000;

export class AttackProcess {
  readonly pid: number;
  /** Resolves with the first thing done, or when the attack is over. */
  readonly begun: Promise<void>;
  /** Resolves when everything is set up, or the attack is over. */
  readonly holding: Promise<void>;
  /** Resolves when as much is done as the attack states at least, or it is over. */
  readonly enough: Promise<void>;
  /** What was done. Rejects where the server did not answer as it should. */
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
    child.on("message", (word: Word) => {
      begun.resolve();
      if (word.is === "holding") holding.resolve();
      if (word.is === "enough") enough.resolve();
      if (word.is === "done") done.resolve(word.counts);
      if (word.is === "failed") done.reject(new Error(`${name}: ${word.why}`));
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
    this.done.catch(() => {}); // looked at by `end`, perhaps later
    this.#tell({ op: "run", name, target });
  }

  /** Tells it to come to an end, and waits for its process too. */
  async end(): Promise<Readonly<Record<string, number>>> {
    const exited = this.#hasExited ? Promise.resolve() : once(this.#child, "exit");
    this.#tell({ op: "stop" });
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

  #tell(order: Order): void {
    if (this.#child.connected) this.#child.send(order, () => {});
  }
}
