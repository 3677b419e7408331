import type { FaultRecord, SnapshotLine } from "../history/event.ts";
import type { PublishedEvidence } from "../history/published.ts";
import { ActorHistory } from "./actor-history.ts";
import { NEVER, RunClock } from "./clock.ts";
import { Contents } from "./contents.ts";
import { FaultTimes } from "./fault-times.ts";
import { Findings } from "./findings.ts";
import { Ledger, type Message } from "./ledger.ts";
import { checkPublished } from "./published/check-published.ts";
import { checkKnownEvents } from "./published/known-events.ts";
import { type CheckReport, noCounts } from "./report.ts";
import { type AllowLoss, Rollbacks } from "./rollbacks.ts";
import { checkAttempts } from "./rules/attempts.ts";
import { checkBurned } from "./rules/breakers.ts";
import { checkDueTimes } from "./rules/due-times.ts";
import { checkDuplicate } from "./rules/duplicates.ts";
import { checkEdits } from "./rules/edits.ts";
import { checkEnding, checkFinished } from "./rules/endings.ts";
import { checkIdentity } from "./rules/identity.ts";
import { checkActs, checkJobs } from "./rules/jobs.ts";
import { LostClaims } from "./rules/lost-claims.ts";
import { checkNumbers } from "./rules/numbers.ts";
import { checkOrders } from "./rules/orders.ts";
import { checkOutcomeUnknown, checkUnknownAfterEnd } from "./rules/outcome-unknown.ts";
import { checkPlaces } from "./rules/places.ts";
import { checkDue, checkEarned } from "./rules/quarantine.ts";
import { checkLast, checkOutcome, checkTokens, checkUnreceivedTokens } from "./rules/tokens.ts";

/** Reads the histories of one run and the contents of the store, and checks them by all rules. */
export class Checker {
  readonly counts = noCounts();
  readonly #ledger: Ledger;
  readonly #findings: Findings;
  readonly #contents: Contents;
  readonly #times: FaultTimes;
  readonly #lost: LostClaims;
  readonly #actors = new Set<string>();

  constructor(faults: Iterable<FaultRecord>, allowLoss: AllowLoss | undefined) {
    const records = [...faults];
    const clock = new RunClock();
    this.#ledger = new Ledger(clock);
    this.#findings = new Findings(new Rollbacks(records, allowLoss, clock));
    const times = new FaultTimes(records, clock);
    this.#lost = new LostClaims(times, this.#ledger.outages);
    this.#times = times;
    this.#contents = new Contents(this.#ledger, this.#findings);
    for (const words of unfinished(records)) this.#findings.broken("history-whole", words);
  }

  /** Returns the reader of one actor's file. Files may come in any order. */
  open(file: string): ActorHistory {
    this.counts.files++;
    return new ActorHistory(this.#ledger, this.#findings, this.#actors, file);
  }

  /** Call it after all histories are read. `events`: if the servers published any. */
  judge(snapshot: Iterable<SnapshotLine>, events?: PublishedEvidence): CheckReport {
    for (const line of snapshot) this.#contents.take(line);
    for (const source of this.#ledger.sources.values()) checkIdentity(source, this.#findings);
    for (const message of this.#ledger.messages.values()) this.#judgeMessage(message);
    checkUnreceivedTokens(this.#ledger, this.#findings);
    checkOrders(this.#ledger, this.#findings);
    checkJobs(this.#ledger, this.#findings);
    this.#contents.counts.check(this.#ledger, this.#findings);
    this.#lost.check(this.counts.deliveries, this.#findings);
    if (events !== undefined) {
      checkPublished(events, this.#findings);
      checkKnownEvents(this.#ledger.messages.values(), events.happened, this.#findings);
      this.counts.published = events.published.length;
    }
    this.counts.lostInCalm = this.#lost.inCalm;
    this.counts.sources = this.#ledger.sources.size;
    this.counts.messages = this.#ledger.messages.size;
    this.counts.kept = this.#contents.kept;
    this.counts.jobs = this.#ledger.jobs.length;
    this.counts.acts = this.#ledger.jobs.reduce((sum, { acts }) => sum + acts, 0);
    const { violations, rolledBack } = this.#findings;
    return { violations, rolledBack, counts: this.counts };
  }

  #judgeMessage(message: Message): void {
    const findings = this.#findings;
    this.#count(message);
    checkUnknownAfterEnd(message, findings);
    checkNumbers(message, findings);
    checkPlaces(message, findings);
    checkEdits(message, this.#times, findings);
    checkActs(message, this.#ledger, findings);
    const { deliveries } = message;
    for (const [index, one] of deliveries.entries()) {
      checkOutcome(message, one, findings);
      const before = deliveries[index - 1];
      if (before === undefined) continue;
      checkTokens(message, before, one, findings);
      checkDuplicate(message, before, one, this.counts.duplicates, findings);
    }
    const last = deliveries.at(-1);
    if (last !== undefined) {
      checkLast(message, last, findings);
      checkAttempts(message, findings);
      checkBurned(message, this.#ledger, findings);
      checkOutcomeUnknown(message, this.#times, findings);
      checkDue(message, findings);
      checkDueTimes(message, findings);
    }
    checkEnding(message, findings);
    checkFinished(message, findings);
    const { outages, shortestLeaseMs } = this.#ledger;
    checkEarned(message, { findings, times: this.#times, outages, shortestLeaseMs });
    this.#lost.take(message);
    this.#contents.counts.add(message, shortestLeaseMs, findings);
  }

  #count({ sentAt, kept, deliveries }: Message): void {
    const { counts } = this;
    if (sentAt !== NEVER) counts.acknowledged++;
    else counts.unacknowledgedButThere++;
    if (kept?.state === "QUARANTINED") counts.quarantined++;
    let number = kept?.number ?? 0;
    for (const one of deliveries) {
      number = Math.max(number, one.number);
      if (one.applied !== undefined) counts.applied++;
      else if (one.possible !== 0) counts.unanswered++;
    }
    counts.deliveries += deliveries.length;
    counts.unreceived += Math.max(0, number - deliveries.length);
  }
}

/** Faults without an end: the run was cut off, so its end proves little. */
function unfinished(faults: readonly FaultRecord[]): string[] {
  const over = new Set(faults.filter(({ phase }) => phase === "over").map(({ number }) => number));
  return faults
    .filter(({ phase, number }) => phase === "begins" && !over.has(number))
    .map(({ kind, number }) => `fault ${number} (${kind}) is not over`);
}
