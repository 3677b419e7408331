import { log } from "./log.ts";

const LOG_EVERY_MS = 60_000;

/** Logs a problem that repeats at most once a minute, and its end once. */
export class RepeatedWarning {
  #loggedAtMs = Number.NEGATIVE_INFINITY;
  #isOpen = false;

  warn(message: string): void {
    const nowMs = performance.now();
    if (nowMs - this.#loggedAtMs < LOG_EVERY_MS) return;
    this.#loggedAtMs = nowMs;
    this.begin(message);
  }

  /** Logs now. */
  begin(message: string): void {
    this.#isOpen = true;
    log(message);
  }

  /** Logs nothing if the problem was not logged. */
  end(message: string): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    log(message);
  }
}
