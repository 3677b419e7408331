import { OUTCOME_KINDS } from "../history/shape.ts";
import { CLOCK_TOLERANCE_MS, NEVER, type RunMs, UNKNOWN } from "./clock.ts";
import type { Message } from "./ledger.ts";

const { failed, released } = OUTCOME_KINDS;

/** What is released is not due again sooner. */
export const LEAST_RELEASE_MS = 1_000;

export interface Stream {
  readonly leaseMs: number;
  isClosed: boolean;
}

/** An outcome that was answered with APPLIED; the instants between which that happened. */
export interface AppliedOutcome {
  /** Of OUTCOME_KINDS. */
  readonly kind: number;
  readonly nonRetryable: boolean;
  readonly byOdd: boolean;
  readonly state: string | undefined;
  /** When the message is due again, if that was answered. */
  readonly dueAt: RunMs;
  readonly from: RunMs;
  readonly to: RunMs;
}

/** A token, and what became of it. */
export class Delivery {
  readonly token: string;
  /** None: nobody wrote down that it was delivered. */
  message: Message | undefined;
  stream: Stream | undefined;
  at: RunMs = 0;
  issuedAt: RunMs = 0;
  /** As far as is known; it may be longer, never shorter. */
  leaseEnd: RunMs = UNKNOWN;
  /** That the message was in. */
  queue = "";
  /** Of the payload that came. */
  sum = "";
  number = 0;
  attempt = 0;
  isUnknown = false;
  applied: AppliedOutcome | undefined;
  /** Bits of OUTCOME_KINDS: sent without an answer. Of no account when another one was applied. */
  possible = 0;
  possibleNonRetryable = false;
  possibleFrom: RunMs = NEVER;
  /** Of those, the first failure that may be retried, and the first release. */
  failedFrom: RunMs = NEVER;
  releasedFrom: RunMs = NEVER;
  /** First answers that it does not count (any more). */
  lostAt: RunMs = NEVER;
  notFoundAt: RunMs = NEVER;
  /** When the latest extension that was answered had been asked for. */
  extendSentAt: RunMs = UNKNOWN;
  /** An answer of ExtendLease has named it: written to a stream that broke before it came. */
  isNamed = false;
  isAckedByPolite = false;

  constructor(token: string) {
    this.token = token;
  }

  /** An outcome was sent, and nobody knows whether it was applied. */
  noteUnanswered(kind: number, nonRetryable: boolean, sentAt: RunMs): void {
    this.possible |= kind;
    this.possibleFrom = Math.min(this.possibleFrom, sentAt);
    this.possibleNonRetryable ||= nonRetryable;
    if (kind === released) this.releasedFrom = Math.min(this.releasedFrom, sentAt);
    if (kind === failed && !nonRetryable) this.failedFrom = Math.min(this.failedFrom, sentAt);
  }

  /**
   * Kinds of outcome after which the message may have been issued again at that instant. No other
   * outcome explains another delivery: had it been applied, there would be none.
   */
  mayHaveReturned(issuedAt: RunMs): number {
    if (this.applied !== undefined) return this.applied.kind;
    const latest = issuedAt + CLOCK_TOLERANCE_MS;
    const byFailure = this.failedFrom <= latest ? failed : 0;
    return this.releasedFrom + LEAST_RELEASE_MS <= latest ? byFailure | released : byFailure;
  }

  /** As the message was issued again at that instant: this one had surely ended without an outcome. */
  hadNoOutcome(issuedAt: RunMs): boolean {
    return this.mayHaveReturned(issuedAt) === 0;
  }
}
