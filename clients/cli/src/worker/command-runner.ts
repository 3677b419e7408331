import { type ChildProcessByStdio, type StdioNull, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { type Delivery, type Outcome, release } from "../../../typescript/src/index.ts";
import type { Io } from "../io.ts";
import { outcomeOfExit } from "./exit-outcome.ts";
import { LastLines } from "./last-lines.ts";
import { messageVariables } from "./message-variables.ts";

/** The command cannot be started, for any message. */
export class NotRunnableError extends Error {}

type Child = ChildProcessByStdio<Writable, null, Readable>;

/** Of stderr. The service cuts messages of failures after 4 KiB. */
const KEPT_BYTES = 3_000;
const KEPT_LINES = 20;
const REST_OF_STDERR_MS = 500;
/** A command that ignores SIGTERM is killed after this time. */
const KILL_AFTER_MS = 500;

/** Runs a command for each message, in its own process group: Ctrl-C of the terminal does not reach it. */
export class CommandRunner {
  readonly #program: string;
  readonly #args: readonly string[];
  readonly #io: Io;
  readonly #output: StdioNull;
  readonly #running = new Set<Child>();
  readonly #killAtExit = () => this.killAll();

  /** @param isOutputFree whether commands may write to stdout; else theirs goes to stderr, as their stderr does */
  constructor([program = "", ...args]: readonly string[], io: Io, isOutputFree: boolean) {
    this.#program = program;
    this.#args = args;
    this.#io = io;
    // By itself the output is neither changed nor kept in memory.
    this.#output = isOutputFree ? "inherit" : process.stderr;
    process.once("exit", this.#killAtExit);
  }

  /**
   * Runs the command to its end. If its lease is lost or the worker stops waiting, it is ended, and the message released.
   *
   * @throws {NotRunnableError} if there is no such command
   */
  async run(delivery: Delivery): Promise<Outcome> {
    const { signal } = delivery;
    if (signal.aborted) return release();
    const child = this.#start(delivery);
    const lastLines = new LastLines(KEPT_BYTES, KEPT_LINES);
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      lastLines.add(text);
      this.#io.stderr.write(text);
    });
    child.stdin.on("error", () => {}); // it need not read its stdin
    child.stdin.end(delivery.payload.bytes());
    const abort = () => void endGroup(child);
    signal.addEventListener("abort", abort);
    try {
      const closed = new Promise((resolve) => child.once("close", resolve));
      const [code, killedBy] = (await once(child, "exit")) as [number | null, string | null];
      // What it has left running may keep stderr open.
      await Promise.race([closed, delay(REST_OF_STDERR_MS, undefined, { ref: false })]);
      return signal.aborted ? release() : outcomeOfExit(code, killedBy, lastLines.lines);
    } catch (error) {
      throw this.#asStartError(error);
    } finally {
      signal.removeEventListener("abort", abort);
      this.#running.delete(child);
      child.stderr.destroy();
    }
  }

  /** Kills commands that still run. */
  killAll(): void {
    process.off("exit", this.#killAtExit);
    for (const child of this.#running) signalGroup(child, "SIGKILL");
  }

  #start(delivery: Delivery): Child {
    try {
      const child = spawn(this.#program, this.#args, {
        stdio: ["pipe", this.#output, "pipe"],
        detached: true,
        // A command may be somebody else's: it does not get the token.
        env: { ...this.#io.env, DLQ_TOKEN: undefined, ...messageVariables(delivery) },
      });
      this.#running.add(child);
      return child;
    } catch (error) {
      throw this.#asStartError(error);
    }
  }

  #asStartError(error: unknown): unknown {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT") return new NotRunnableError(`there is no command ${this.#program}`);
    if (code === "EACCES") return new NotRunnableError(`${this.#program} may not be run`);
    return error; // for instance too many facts for the environment: this message fails
  }
}

function endGroup(child: Child): void {
  signalGroup(child, "SIGTERM");
  const timer = setTimeout(() => signalGroup(child, "SIGKILL"), KILL_AFTER_MS);
  child.once("close", () => clearTimeout(timer));
}

function signalGroup({ pid }: Child, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // it has ended
  }
}
