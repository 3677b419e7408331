import { NEVER } from "../clock.ts";
import type { FaultTimes } from "../fault-times.ts";
import type { Findings } from "../findings.ts";
import { gapsOf } from "../gaps.ts";
import type { Message } from "../ledger.ts";
import type { ReportedOutages } from "../reported-outages.ts";

/**
 * One of this many deliveries may be lost without a fault or an UNAVAILABLE answer: on a busy machine a process may
 * get no CPU for longer than a deadline of 1 s. Runs have shown no such loss.
 */
const DELIVERIES_A_CALM_LOSS = 10_000;

/**
 * Checks claims that no worker received. A fault lost the reply of the store, the server or the stream, so a fault must be
 * near, and no message loses many. A claim may also be lost if the store is late without a fault: then other calls get
 * UNAVAILABLE.
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
      const words = `${message}: ${claims} claims after delivery ${after} reached no worker, between ${from} ms and ${until}`;
      for (let n = 0; n < unexplained; n++) this.#inCalm.push(words);
    }
  }

  /** @param deliveries number of deliveries in the run */
  check(deliveries: number, findings: Findings): void {
    if (this.inCalm <= deliveries / DELIVERIES_A_CALM_LOSS) return;
    for (const words of new Set(this.#inCalm)) findings.broken("claims-lost", words);
  }
}
