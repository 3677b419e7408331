import { NEVER } from "../clock.ts";
import type { FaultTimes } from "../fault-times.ts";
import type { Findings } from "../findings.ts";
import { gapsOf } from "../gaps.ts";
import type { Message } from "../ledger.ts";
import type { ReportedOutages } from "../reported-outages.ts";

/**
 * Of so many deliveries one may be lost without a fault, and without anybody who heard of it: on a busy
 * machine a process may wait for its turn for longer than a deadline of 1 s. Runs have shown none.
 */
const DELIVERIES_A_CALM_LOSS = 10_000;

/**
 * Claims that nobody received. The reply of the store, the server or the stream was lost that had
 * it: each is a fault's doing, so that a fault was near, and no message loses many. One may also go
 * when the store does not answer in time without a fault; then others get UNAVAILABLE.
 */
export class LostClaims {
  readonly #times: FaultTimes;
  readonly #outages: ReportedOutages;
  readonly #inCalm: string[] = [];

  constructor(times: FaultTimes, outages: ReportedOutages) {
    this.#times = times;
    this.#outages = outages;
  }

  get inCalm(): number {
    return this.#inCalm.length;
  }

  take(message: Message): void {
    for (const { claims, after, from, to } of gapsOf(message)) {
      let unexplained = claims - this.#times.mostLost(from, to);
      if (unexplained > 0 && this.#outages.between(from, to)) unexplained--;
      const until = to === NEVER ? "the end" : `${to} ms`;
      const words = `${message}: ${claims} claims after delivery ${after} were received by nobody, between ${from} ms and ${until}`;
      for (let n = 0; n < unexplained; n++) this.#inCalm.push(words);
    }
  }

  /** @param deliveries how many the run had */
  check(deliveries: number, findings: Findings): void {
    if (this.inCalm <= deliveries / DELIVERIES_A_CALM_LOSS) return;
    for (const words of new Set(this.#inCalm)) findings.broken("claims-lost", words);
  }
}
