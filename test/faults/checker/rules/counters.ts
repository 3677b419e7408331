import type { Counted } from "../../history/event.ts";
import { OUTCOME_KINDS } from "../../history/shape.ts";
import type { Findings } from "../findings.ts";
import type { Message } from "../ledger.ts";
import { onlyExpired } from "./duplicates.ts";
import { CRASH_LOOP } from "./quarantine.ts";

const { succeeded, discarded } = OUTCOME_KINDS;

/** What the histories and the snapshot say of a queue. */
class QueueSums {
  existing = 0;
  kept = 0;
  /** Ended so for sure; ended, and perhaps so. */
  succeeded = 0;
  maybeSucceeded = 0;
  discarded = 0;
  maybeDiscarded = 0;
  deliveries = 0;
  /** Leases that only their end can have ended. */
  expiries = 0;
}

/**
 * Counters against contents and histories. What exists is known exactly: what was acknowledged,
 * delivered or kept; anything else left no trace. So are deliveries: what is kept says its own, and
 * what has ended did so by the last one.
 */
export class QueueCounts {
  readonly #sums = new Map<string, QueueSums>();
  readonly #counted = new Map<string, Counted>();

  take(counted: Counted, findings: Findings): void {
    if (this.#counted.has(counted.queue)) {
      findings.broken("counters-agree", `queue ${counted.queue} is counted twice`);
    }
    this.#counted.set(counted.queue, counted);
    for (const words of counted.broken) {
      findings.broken("store-sound", `queue ${counted.queue}: ${words}`);
    }
  }

  add(message: Message): void {
    const sums = this.#sumsOf(message.source.queue);
    const { kept, deliveries } = message;
    sums.existing++;
    sums.deliveries += kept?.number ?? deliveries.at(-1)?.number ?? 0;
    let expiries = 0;
    for (const [index, one] of deliveries.entries()) {
      const next = deliveries[index + 1];
      if (next !== undefined && onlyExpired(one, next)) expiries++;
    }
    if (kept?.quarantineReason === "CRASH_LOOP") expiries = Math.max(expiries, CRASH_LOOP);
    sums.expiries += expiries;
    if (kept !== undefined) {
      sums.kept++;
      return;
    }
    const may = (kind: number) =>
      deliveries.some((one) => ((one.applied?.kind ?? one.possible) & kind) !== 0);
    const surely = (kind: number) => deliveries.some(({ applied }) => applied?.kind === kind);
    const isSuccess = surely(succeeded);
    const isDiscard = !isSuccess && surely(discarded);
    if (isSuccess) sums.succeeded++;
    else if (may(succeeded)) sums.maybeSucceeded++;
    if (isDiscard) sums.discarded++;
    else if (may(discarded)) sums.maybeDiscarded++;
  }

  check(findings: Findings): void {
    for (const queue of new Set([...this.#sums.keys(), ...this.#counted.keys()])) {
      const counted = this.#counted.get(queue);
      if (counted !== undefined) checkQueue(counted, this.#sumsOf(queue), findings);
      else findings.broken("counters-agree", `queue ${queue} is not counted`);
    }
  }

  #sumsOf(queue: string): QueueSums {
    let sums = this.#sums.get(queue);
    if (sums === undefined) {
      sums = new QueueSums();
      this.#sums.set(queue, sums);
    }
    return sums;
  }
}

function checkQueue(counted: Counted, sums: QueueSums, findings: Findings): void {
  const { queue } = counted;
  const gone = counted.succeeded + counted.discarded + counted.expired + counted.purged;
  if (counted.accepted !== sums.kept + gone) {
    const words = `queue ${queue}: ${counted.accepted} accepted, ${sums.kept} kept, ${gone} gone`;
    findings.broken("counters-agree", words);
  }
  const expect = (name: keyof Counted, least: number, most: number): void => {
    const value = counted[name] as number;
    const words = `queue ${queue}: ${name} counts ${value}, the histories ${least} to ${most}`;
    // A store that forgets counts less, never more.
    if (value > most) findings.broken("counters-agree", words);
    else if (value < least) findings.brokenUnlessRolledBack("counters-agree", words);
  };
  expect("accepted", sums.existing, sums.existing);
  expect("deliveries", sums.deliveries, sums.deliveries);
  expect("succeeded", sums.succeeded, sums.succeeded + sums.maybeSucceeded);
  expect("discarded", sums.discarded, sums.discarded + sums.maybeDiscarded);
  expect("leaseExpiries", sums.expiries, sums.deliveries);
  expect("expired", 0, 0);
  expect("purged", 0, 0);
}
