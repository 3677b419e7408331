import type { StoredState } from "../../../src/core/message.ts";
import type { QuarantineReason, Reason } from "../../../src/core/reason.ts";

/** A message as the documents describe it. Messages that are gone are not in the model. */
export interface Message {
  readonly id: string;
  readonly sourceId: string;
  readonly own: OwnRetry;
  readonly envelope: string;
  /** -100 to 100. */
  readonly priority: number;
  /** What limits by key go by; empty: none. */
  readonly key: string;
  /** Ordering key; empty: none. */
  readonly order: string;
  state: StoredState;
  reason: Reason;
  /** Only in quarantine. */
  quarantineReason: QuarantineReason | undefined;
  /** When it came to quarantine. */
  sinceMs: number;
  failures: number;
  latestFailure: string;
  dueAtMs: number;
  ttlMs: number;
  /** Undefined: lives for ever. */
  expireAtMs: number | undefined;
  /** Failed attempts of this round. */
  attempts: number;
  /** In a row. */
  expiries: number;
  /** In a row. */
  releases: number;
  /** Deliveries that ended without an outcome. */
  doubt: number;
  /** Hand-outs, whatever became of them. */
  deliveries: number;
  /** A failure joined it while an outcome of a delivery may still come. */
  rejoined: boolean;
  /** Its source was sent too often. */
  poisoned: boolean;
  /** In quarantine it holds up its ordering key. */
  holds: boolean;
  /** Was scheduled as a retry, under a retry budget. */
  budgeted: boolean;
  /** The last lease, while an outcome under it still counts: live, or ended and not claimed again. */
  lease: Lease | undefined;
}

export interface Lease {
  readonly nonce: string;
  readonly session: string;
  lengthMs: number;
  endsAtMs: number;
  /** An outage has lengthened it, which happens once. */
  hadGrace?: boolean;
  /** When it was handed out. */
  readonly sinceMs: number;
  /** To try whether a half-open breaker may close. */
  readonly isProbe: boolean;
}

/** What a message says itself of its retries. */
export interface OwnRetry {
  maxRetries: number | undefined;
  /** Each delay, without growth or jitter. */
  fixedDelayMs: number | undefined;
}

/** Proof of a delivery, for its worker. */
export interface Token {
  readonly id: string;
  readonly number: number;
  readonly nonce: string;
  readonly session: string;
}

/** After two expiries in a row it is delivered alone. */
export function needsIsolation(message: Message): boolean {
  return message.expiries >= 2;
}
