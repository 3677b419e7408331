import { OUTCOME_KINDS } from "../history/shape.ts";
import { CLOCK_TOLERANCE_MS, NEVER, type RunMs, UNKNOWN } from "./clock.ts";
import type { Message } from "./ledger.ts";

const { failed, released } = OUTCOME_KINDS;

/** The shortest delay of a released message. */
export const MIN_RELEASE_MS = 1_000;

export interface Stream {
  readonly leaseMs: number;
  isClosed: boolean;
}

/** An outcome that was answered with APPLIED, and the times between which it was applied. */
export interface AppliedOutcome {
  /** One of OUTCOME_KINDS. */
  readonly kind: number;
  readonly nonRetryable: boolean;
  readonly byOdd: boolean;
  readonly state: string | undefined;
  /** When the message is due again, if the answer has it. */
  readonly dueAt: RunMs;
  readonly from: RunMs;
  readonly to: RunMs;
}

/** A delivery of a message, identified by its lease token. */
export class Delivery {
  readonly token: string;
  /** Undefined if no history has the delivery. */
  message: Message | undefined;
  stream: Stream | undefined;
  at: RunMs = 0;
  issuedAt: RunMs = 0;
  /** The earliest possible end of the lease. */
  leaseEnd: RunMs = UNKNOWN;
  /** The queue of the message at this delivery. */
  queue = "";
  /** Checksum of the delivered payload. */
  sum = "";
  number = 0;
  attempt = 0;
  isUnknown = false;
  applied: AppliedOutcome | undefined;
  /** A failure was applied before `applied`, and a rollback undid it. */
  hasUndoneFailure = false;
  /** Unanswered outcomes, as bits of OUTCOME_KINDS. Meaningless if another outcome was applied. */
  possible = 0;
  possibleNonRetryable = false;
  possibleFrom: RunMs = NEVER;
  /** When the first unanswered failure that may be retried was sent, and the first release. */
  failedFrom: RunMs = NEVER;
  releasedFrom: RunMs = NEVER;
  /** When the service first answered that the token does not count. */
  lostAt: RunMs = NEVER;
  notFoundAt: RunMs = NEVER;
  /** When the latest answered extension was sent. */
  extendSentAt: RunMs = UNKNOWN;
  /** Whether ExtendLease listed it: the server wrote it to a stream that broke before it arrived. */
  isNamed = false;
  isAckedByPolite = false;

  constructor(token: string) {
    this.token = token;
  }

  /** Notes an unanswered outcome, which may have been applied. */
  noteUnanswered(kind: number, nonRetryable: boolean, sentAt: RunMs): void {
    this.possible |= kind;
    this.possibleFrom = Math.min(this.possibleFrom, sentAt);
    this.possibleNonRetryable ||= nonRetryable;
    if (kind === released) this.releasedFrom = Math.min(this.releasedFrom, sentAt);
    if (kind === failed && !nonRetryable) this.failedFrom = Math.min(this.failedFrom, sentAt);
  }

  /**
   * Kinds of unanswered outcomes that explain another delivery of the message at that time. Other kinds would
   * have ended the message.
   */
  mayHaveReturned(issuedAt: RunMs): number {
    if (this.applied !== undefined) return this.applied.kind;
    const latest = issuedAt + CLOCK_TOLERANCE_MS;
    const byFailure = this.failedFrom <= latest ? failed : 0;
    return this.releasedFrom + MIN_RELEASE_MS <= latest ? byFailure | released : byFailure;
  }

  /** Reports whether it surely ended without an outcome, given that the message was issued again then. */
  hadNoOutcome(issuedAt: RunMs): boolean {
    return this.mayHaveReturned(issuedAt) === 0;
  }
}
