import { countedText, countText, rateText } from "../output/numbers.ts";
import type { Progress } from "../output/progress.ts";
import { durationText } from "../output/times.ts";

/** Shows how far an export or import is, how fast, and how long it still takes. */
export class TransferProgress {
  readonly #line: Progress;
  readonly #what: string;
  readonly #total: number | undefined;
  readonly #startedAtMs = performance.now();
  readonly #skipped: number;

  /**
   * `what`: "examined". `total`: of all messages; undefined: unknown. `skipped`: messages that were done before this run.
   */
  constructor(
    line: Progress,
    { what, total, skipped = 0 }: { what: string; total: number | undefined; skipped?: number },
  ) {
    this.#line = line;
    this.#what = what;
    this.#total = total;
    this.#skipped = skipped;
  }

  /** `done`: with those that were skipped. */
  show(done: number, note = ""): void {
    const seconds = (performance.now() - this.#startedAtMs) / 1_000;
    const perSecond = (done - this.#skipped) / Math.max(seconds, 0.001);
    const total = this.#total;
    const of = total === undefined ? "" : ` of about ${countText(Math.max(total, done))}`;
    const parts = [
      `${this.#what} ${countedText(done, "message")}${of}`,
      `${rateText(perSecond)}/s`,
    ];
    if (total !== undefined && total > done && perSecond > 0)
      parts.push(`${durationText(((total - done) / perSecond) * 1_000)} left`);
    if (note !== "") parts.push(note);
    this.#line.show(parts.join(", "));
  }

  end(): void {
    this.#line.end();
  }
}
