// Starts and controls a producer or consumer process of the soak.

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { until } from "../../support/until.ts";
import { NOTHING, type Order, type Report, type Totals } from "./protocol.ts";

const END_DEADLINE_MS = 5_000;
const KEPT_ERROR_CHARS = 4_000;

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export class Actor {
  /** Its last reported totals. */
  totals: Totals = NOTHING;
  /** Whether it has started and takes orders. */
  hasSpoken = false;
  /** Rejects if the process ends by itself. */
  readonly died: Promise<never>;
  readonly #child: ChildProcess;
  #isIdle = false;
  #isEnding = false;
  #errors = "";

  constructor(name: "producer" | "consumer", address: string) {
    const file = join(import.meta.dirname, `${name}.ts`);
    const child = fork(file, [address], { stdio: ["ignore", "ignore", "pipe", "ipc"] });
    this.#child = child;
    running.add(child);
    child.stderr?.on("data", (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString()).slice(-KEPT_ERROR_CHARS);
    });
    child.on("message", (report: Report) => {
      this.hasSpoken = true;
      this.totals = report.totals;
      this.#isIdle = report.isIdle;
    });
    this.died = new Promise((_, reject) => {
      child.once("error", reject);
      child.once("exit", (code, signal) => {
        running.delete(child);
        if (this.#isEnding) return;
        reject(new Error(`the ${name} ended with ${code ?? signal}:\n${this.#errors}`));
      });
    });
    this.died.catch(() => {}); // prevents an unhandled rejection; callers still get it
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  order(order: Order): void {
    this.#isIdle = false;
    this.#child.send(order);
  }

  /** Stops sending. Resolves when all pending sends are answered. */
  async stop(): Promise<void> {
    this.order("stop");
    await until("the end of pending sends", () => this.#isIdle || undefined, 30_000);
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    if (this.#child.connected) this.#child.disconnect();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), END_DEADLINE_MS);
    await exited;
    clearTimeout(timer);
  }
}
