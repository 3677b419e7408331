import type { SeededRandom } from "../../../support/random.ts";
import type { Acked, Kept, OutcomeKind, Plan } from "../../history/event.ts";
import {
  DIVERTED_QUEUE,
  firstQueue,
  queueAfterFailure,
  type Route,
  routeOf,
} from "../../history/routes.ts";
import { STARTED_AT } from "../story.ts";
import type { RunRecord } from "./record.ts";

type AckResult = Acked["results"][number];

const CRASH_LOOP = 5;
const EXHAUST_RETRIES = 2;

/** One message. Times are ms since the start of the run. */
export class Life {
  state: "SCHEDULED" | "QUARANTINED" | "GONE" = "SCHEDULED";
  #quarantineReason: string | undefined;
  /** The number of the latest delivery. */
  number = 0;
  failures = 0;
  #expiries = 0;
  /** Deliveries without an outcome. */
  unknown = 0;
  readonly id: string;
  readonly source: string;
  /** The queue of the send. */
  readonly target: string;
  readonly route: Route | undefined;
  /** The current queue. */
  queue: string;
  isEdited = false;
  readonly plan: Plan;
  dueAt: number;

  constructor(of: Pick<Life, "id" | "source" | "target" | "plan" | "dueAt">) {
    this.id = of.id;
    this.source = of.source;
    this.target = of.target;
    this.route = routeOf(of.source, of.target);
    this.queue = firstQueue(this.route, of.target);
    this.plan = of.plan;
    this.dueAt = of.dueAt;
  }

  /** Applies an outcome and returns the answer. `isExempt`: its breaker opened after the delivery. */
  apply(
    outcome: OutcomeKind,
    nonRetryable: boolean,
    at: number,
    { record, random, isExempt }: { record: RunRecord; random: SeededRandom; isExempt: boolean },
  ): AckResult {
    switch (outcome) {
      case "succeeded":
      case "discarded":
        this.state = "GONE";
        record.count(this.queue, outcome);
        return { status: "APPLIED", state: outcome.toUpperCase() };
      case "failed":
        if (isExempt && !nonRetryable && this.route !== "rule") {
          record.count(this.queue, "released");
          this.#expiries = 0;
          return this.#schedule(at);
        }
        this.failures++;
        record.count(this.queue, "failedAttempts");
        this.#expiries = 0;
        return this.#fail(nonRetryable, at + 100 + random.below(100), record);
      case "released":
        record.count(this.queue, "released");
        return this.#schedule(at + 1_000);
      case "quarantined":
        return this.#quarantine("WORKER_REQUEST");
    }
  }

  /** Expires its lease. Returns the time of expiry. */
  expire(at: number, record: RunRecord): number {
    this.#expiries++;
    this.unknown++;
    record.count(this.queue, "leaseExpiries");
    if (this.#expiries === CRASH_LOOP) this.#quarantine("CRASH_LOOP");
    // Not due at once, so that a late outcome can still come.
    this.dueAt = at + 20;
    return at;
  }

  /** Its line of the snapshot. */
  get kept(): Kept {
    const { queue, id, source, state, failures, number } = this;
    const why = this.#quarantineReason;
    const reason = why === undefined ? {} : { quarantineReason: why };
    if (state === "GONE") throw new Error(`${id} is gone`);
    return { e: "kept", queue, id, source, state, ...reason, attempts: failures, number };
  }

  /** Applies routing rules first, then the retry policy, then the edits of the queue if it stays there. */
  #fail(nonRetryable: boolean, dueAt: number, record: RunRecord): AckResult {
    if (this.route === "rule") return this.#quarantine("RULE");
    const queue = queueAfterFailure(this.route, this.queue);
    const moves = queue !== this.queue;
    if (moves) {
      record.count(this.queue, "movedOut");
      record.count(queue, "movedIn");
      this.queue = queue;
    }
    if (nonRetryable) return this.#quarantine("NON_RETRYABLE");
    if (this.plan === "exhaust" && this.failures === EXHAUST_RETRIES) {
      return this.#quarantine("RETRIES_EXHAUSTED");
    }
    if (!moves && queue === DIVERTED_QUEUE) this.isEdited = true;
    return this.#schedule(dueAt);
  }

  #quarantine(reason: string): AckResult {
    this.state = "QUARANTINED";
    this.#quarantineReason = reason;
    return { status: "APPLIED", state: this.state };
  }

  #schedule(dueAt: number): AckResult {
    this.dueAt = Math.ceil(dueAt);
    return { status: "APPLIED", state: "SCHEDULED", dueAt: STARTED_AT + this.dueAt };
  }
}

/** Returns the outcome that a worker reports; undefined for none. */
export function outcomeOf(
  plan: Plan,
  { attempt, number }: { attempt: number; number: number },
): OutcomeKind | undefined {
  switch (plan) {
    case "fail1":
      return attempt === 1 ? "failed" : "succeeded";
    case "fail2":
      return attempt <= 2 ? "failed" : "succeeded";
    case "exhaust":
    case "bad":
      return "failed";
    case "discard":
      return "discarded";
    case "quarantine":
      return "quarantined";
    case "release":
      return number === 1 ? "released" : "succeeded";
    case "silent":
      return number === 1 ? undefined : "succeeded";
    case "crash":
      return undefined;
    default:
      return "succeeded";
  }
}
