import type { Counted } from "../../history/event.ts";
import { OUTCOME_KINDS } from "../../history/shape.ts";
import { NEVER } from "../clock.ts";
import type { Delivery } from "../delivery.ts";
import { failureCounted, type Counted as IsCounted, isGuarded } from "../exempt.ts";
import type { Findings } from "../findings.ts";
import type { Ledger, Message, Source } from "../ledger.ts";
import { mayHaveFailed } from "./attempts.ts";
import { removalOf } from "./jobs.ts";
import { firstPlace, movesOf } from "./places.ts";
import {
  addDeliveries,
  addExpiries,
  addOutcomes,
  Bounds,
  endedBy,
  isForgotten,
  QueueSums,
} from "./queue-sums.ts";

const { succeeded, discarded, failed, released } = OUTCOME_KINDS;

/** Compares the counters of queues with contents and histories. */
export class QueueCounts {
  readonly #sums = new Map<string, QueueSums>();
  readonly #counted = new Map<string, Counted>();
  /** Releases of unreceived deliveries, whose queue is unknown. */
  readonly #strays = new Bounds();

  take(counted: Counted, findings: Findings): void {
    if (this.#counted.has(counted.queue)) {
      findings.broken("counters-agree", `queue ${counted.queue} is counted twice`);
    }
    this.#counted.set(counted.queue, counted);
    for (const words of counted.broken) {
      findings.broken("store-sound", `queue ${counted.queue}: ${words}`);
    }
  }

  /** Each event counts in the queue of the message at that time. */
  add(message: Message, shortestLeaseMs: number, findings: Findings): void {
    const { kept, deliveries, acts } = message;
    const of = (queue: string) => this.#sumsOf(queue);
    const failedIn = (queue: string) => of(queue).failedAttempts;
    addOutcomes(failedIn, message, isFailure, findings);
    addOutcomes((queue) => of(queue).released, message, isRelease, findings);
    addExpiries((queue) => of(queue).leaseExpiries, message, shortestLeaseMs, findings);
    addDeliveries((queue) => of(queue).deliveries, message, findings);
    for (const { from, to, mayBeForgotten } of movesOf(message, findings)) {
      of(from).movedOut.add(1, 1, mayBeForgotten ? 0 : 1);
      of(to).movedIn.add(1, 1, mayBeForgotten ? 0 : 1);
    }
    for (const { action, queue } of acts) {
      if (action === "discard") of(queue).discarded.add(1, 1, 1);
      if (action === "purge") of(queue).purged.add(1, 1, 1);
      if (action === "undelete") of(queue).undeleted.add(1, 1, 1);
    }
    const isSurelyThere = kept !== undefined || acts.length > 0 || !isForgotten(message, findings);
    of(firstPlace(message)).accepted.add(1, 1, isSurelyThere ? 1 : 0);
    if (kept !== undefined) {
      of(kept.queue).kept++;
      return;
    }
    if (removalOf(message) !== undefined) return;
    const sums = of(deliveries.at(-1)?.queue ?? firstPlace(message));
    const success = endedBy(message, succeeded, findings);
    const discard = endedBy(message, discarded, findings);
    if (success.isSure) sums.succeeded.add(1, 1, success.isKept ? 1 : 0);
    else if (success.isPossible) sums.succeeded.add(0, 1, 0);
    if (discard.isSure && !success.isSure) sums.discarded.add(1, 1, discard.isKept ? 1 : 0);
    else if (discard.isPossible) sums.discarded.add(0, 1, 0);
  }

  /** A dropped send counts, though it is never stored. */
  addDropped({ route, queue, droppedAt, tries, refusedTries }: Source, findings: Findings): void {
    if (route !== "drop") return;
    const isSure = droppedAt !== NEVER;
    if (!isSure && tries <= refusedTries) return;
    const floor = isSure && !findings.mayHaveForgotten(-NEVER, droppedAt) ? 1 : 0;
    const { accepted, discarded } = this.#sumsOf(queue);
    for (const bounds of [accepted, discarded]) bounds.add(isSure ? 1 : 0, 1, floor);
  }

  check(ledger: Ledger, findings: Findings): void {
    for (const source of ledger.sources.values()) this.addDropped(source, findings);
    for (const { message, applied, possible } of ledger.tokens.values()) {
      if (message !== undefined || ((applied?.kind ?? possible) & released) === 0) continue;
      const isSure = applied !== undefined && !findings.mayHaveForgotten(applied.from, applied.to);
      this.#strays.add(applied === undefined ? 0 : 1, 1, isSure ? 1 : 0);
    }
    for (const queue of new Set([...this.#sums.keys(), ...this.#counted.keys()])) {
      const counted = this.#counted.get(queue);
      if (counted !== undefined) this.#checkQueue(counted, this.#sumsOf(queue), findings);
      else findings.broken("counters-agree", `queue ${queue} is not counted`);
    }
    this.#checkReleases(findings);
    this.#checkMoves(findings);
  }

  #checkQueue(counted: Counted, sums: QueueSums, findings: Findings): void {
    const { queue } = counted;
    if (counted.openBreakers > 0) {
      findings.broken("breakers-close", `queue ${queue}: ${counted.openBreakers} are not closed`);
    }
    const gone = counted.succeeded + counted.discarded + counted.expired + counted.purged;
    const { accepted, undeleted, movedIn, movedOut } = counted;
    if (accepted + undeleted + movedIn !== sums.kept + gone + movedOut) {
      const words = `queue ${queue}: ${accepted} accepted, ${undeleted} undeleted and ${movedIn} moved in, ${sums.kept} stored, ${gone} ended, ${movedOut} moved out`;
      findings.broken("counters-agree", words);
    }
    for (const name of BOUNDED) {
      const strays = name === "released" ? this.#strays.most : 0;
      compare(`queue ${queue}: ${name}`, counted[name], sums[name], strays, findings);
    }
    // The suite has no dedup keys and no expiry.
    for (const name of ["duplicates", "expired"] as const) {
      compare(`queue ${queue}: ${name}`, counted[name], new Bounds(), 0, findings);
    }
  }

  /** All queues together: as many messages moved in as out. */
  #checkMoves(findings: Findings): void {
    const sum = (name: "movedOut" | "movedIn") =>
      [...this.#counted.values()].reduce((total, one) => total + one[name], 0);
    const [out, into] = [sum("movedOut"), sum("movedIn")];
    if (out === into) return;
    findings.broken("counters-agree", `all queues: ${out} moved out, ${into} moved in`);
  }

  /** All queues together, because the queues of strays are unknown. */
  #checkReleases(findings: Findings): void {
    const all = new Bounds();
    for (const { released: own } of this.#sums.values()) all.add(own.least, own.most, own.floor);
    const { least, most, floor } = this.#strays;
    all.add(least, most, floor);
    const counted = [...this.#counted.values()].reduce((sum, one) => sum + one.released, 0);
    compare("all queues: released", counted, all, 0, findings);
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

const BOUNDED = [
  "accepted",
  "deliveries",
  "succeeded",
  "discarded",
  "purged",
  "undeleted",
  "failedAttempts",
  "released",
  "leaseExpiries",
  "movedOut",
  "movedIn",
] as const;

function isFailure(one: Delivery, next: Delivery | undefined): IsCounted {
  return failureCounted(one) ?? (mayHaveFailed(one, next) ? "perhaps" : "no");
}

/** Exempt failures count as releases. */
function isRelease(one: Delivery, next: Delivery | undefined): IsCounted {
  const { applied } = one;
  if (applied?.kind === released) return "yes";
  if (applied !== undefined) return OPPOSITE[failureCounted(one) ?? "yes"];
  const kinds = next === undefined ? one.possible : one.mayHaveReturned(next.issuedAt);
  const may = isGuarded(one) ? released | failed : released;
  return (kinds & may) !== 0 ? "perhaps" : "no";
}

const OPPOSITE = { yes: "no", no: "yes", perhaps: "perhaps" } as const;

/** After a rollback a counter may be lower by the lost writes, never higher. */
function compare(
  what: string,
  value: number,
  { least, most, floor }: Bounds,
  more: number,
  findings: Findings,
): void {
  if (value >= least && value <= most + more) return;
  const words = `${what} counts ${value}, the histories ${least} to ${most + more}, ${floor} of which cannot be lost`;
  findings.brokenUnless(value >= floor && value < least, "counters-agree", words);
}
