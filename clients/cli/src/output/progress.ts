import type { Output } from "../io.ts";
import { columnsOf, cutTo } from "./width.ts";

const INTERVAL_MS = 100;
const ERASE = "\r\u001b[2K";

/** A line that is replaced while long work runs. Shows nothing if the output is no terminal. */
export class Progress {
  readonly #output: Output;
  #isShown = false;
  #shownAtMs = -Infinity;

  constructor(output: Output) {
    this.#output = output;
  }

  /** Shows the text, at most ten times a second. */
  show(text: string): void {
    const nowMs = performance.now();
    if (this.#output.isTTY !== true || nowMs - this.#shownAtMs < INTERVAL_MS) return;
    this.#shownAtMs = nowMs;
    this.#isShown = true;
    this.#output.write(`${ERASE}${cutTo(text, columnsOf(this.#output) - 1)}`);
  }

  /** Removes the line. */
  end(): void {
    if (this.#isShown) this.#output.write(ERASE);
    this.#isShown = false;
  }
}
