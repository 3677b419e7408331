// What actors write down, one JSON object a line: the only thing the checker believes. An actor
// writes what it is about to do before it does it, and what it saw as soon as it saw it, so that a
// `kill -9` can lose the last line at most, and never hides an act.

/** Milliseconds since 1970. All actors, servers and stores share one machine's clock. */
export type AtMs = number;

/** The first line of each file. */
export interface Started {
  readonly e: "started";
  readonly at: AtMs;
  /** Unique in a run: `ts-worker-1`. A process that is started again has another name. */
  readonly actor: string;
  readonly role: "producer" | "worker";
  /** As the folder of its client is called. */
  readonly language: string;
}

/** A call with this message is about to go out. Once for each try; tries share the `request`. */
export interface Sending {
  readonly e: "sending";
  readonly at: AtMs;
  /** `request_id`: the same for all tries of one send. */
  readonly request: string;
  /** `source_id`, unique for each message that is meant to exist once. */
  readonly source: string;
  readonly queue: string;
  /** SHA-256 of the payload's bytes, its first 16 hex digits. */
  readonly sum: string;
  /** The same of the payload that the edits of the run make of it. */
  readonly edited: string;
  /** What workers are to do with it; part of the payload. */
  readonly plan: Plan;
}

/** The server acknowledged it. */
export interface Sent {
  readonly e: "sent";
  readonly at: AtMs;
  readonly request: string;
  readonly id: string;
  /**
   * Bare name: SCHEDULED, QUARANTINED; DISCARDED of what a rule has dropped, KNOWN of a number that
   * was taken before, both without an id.
   */
  readonly state: string;
  /** 0: none, as in quarantine. */
  readonly dueAt: AtMs;
}

/**
 * A try ended without an acknowledgement. `code` is the gRPC code's name (UNAVAILABLE); a try that
 * was `refused` has surely changed nothing, as RESOURCE_EXHAUSTED or INVALID_ARGUMENT by the server.
 */
export interface Unsent {
  readonly e: "unsent";
  readonly at: AtMs;
  readonly request: string;
  readonly code: string;
  readonly refused: boolean;
}

/** A stream was opened, by its `opened` frame. */
export interface Opened {
  readonly e: "opened";
  readonly at: AtMs;
  /** Unique in this file. */
  readonly stream: string;
  readonly session: string;
  readonly leaseMs: number;
  readonly leasesHeld: number;
}

/** A stream ended, however: an error, the server's end, its own cancellation. */
export interface Closed {
  readonly e: "closed";
  readonly at: AtMs;
  readonly stream: string;
  readonly why: string;
}

export interface Delivered {
  readonly e: "delivered";
  readonly at: AtMs;
  readonly stream: string;
  readonly queue: string;
  readonly id: string;
  readonly source: string;
  readonly sum: string;
  readonly plan: Plan;
  readonly token: string;
  /** `delivery_number`, 1 for the first. */
  readonly number: number;
  /** `attempt`: 1 plus the failures that count. */
  readonly attempt: number;
  /** `outcome_unknown`. */
  readonly unknown: boolean;
  /** `lease_expire_time`. */
  readonly expires: AtMs;
}

export type OutcomeKind = "succeeded" | "failed" | "released" | "quarantined" | "discarded";

/** A call with these outcomes is about to go out. Once for each try; tries share the `request`. */
export interface Acking {
  readonly e: "acking";
  readonly at: AtMs;
  /** Empty: a call without a `request_id`, which stands by itself; one at a time in a file. */
  readonly request: string;
  readonly outcomes: readonly {
    readonly token: string;
    readonly outcome: OutcomeKind;
    readonly nonRetryable?: boolean;
  }[];
}

/** Answers to the outcomes of `request`, in their order. */
export interface Acked {
  readonly e: "acked";
  readonly at: AtMs;
  readonly request: string;
  readonly results: readonly {
    /** APPLIED, LEASE_LOST, NOT_FOUND, INVALID. */
    readonly status: string;
    /** State after it, if the message is still there. */
    readonly state?: string;
    /** When a rescheduled message is due again. */
    readonly dueAt?: AtMs;
  }[];
}

/** A try of an Ack ended without an answer; `refused` as for {@link Unsent}. */
export interface Unacked {
  readonly e: "unacked";
  readonly at: AtMs;
  readonly request: string;
  readonly code: string;
  readonly refused: boolean;
}

/** Leases are about to be extended; a session's if there are no tokens. */
export interface Extending {
  readonly e: "extending";
  readonly at: AtMs;
  readonly request: string;
  readonly tokens: readonly string[];
}

/** Which leases were extended, until when. What is not here was lost, or nobody knows. */
export interface Extended {
  readonly e: "extended";
  readonly at: AtMs;
  readonly request: string;
  readonly leases: readonly { readonly token: string; readonly expires: AtMs }[];
}

/** A lease's end that could not be learnt: it may have been extended. */
export interface Unextended {
  readonly e: "unextended";
  readonly at: AtMs;
  readonly request: string;
  readonly code: string;
}

/** The last line of an actor that ended in order. */
export interface Ended {
  readonly e: "ended";
  readonly at: AtMs;
}

export type HistoryEvent =
  | Started
  | Sending
  | Sent
  | Unsent
  | Opened
  | Closed
  | Delivered
  | Acking
  | Acked
  | Unacked
  | Extending
  | Extended
  | Unextended
  | Ended;

/**
 * What workers do with a message, by the plan in its payload. `delivery` is its delivery number,
 * `attempt` its attempt.
 */
export const PLANS = {
  /** Succeeds. */
  ok: "succeeds",
  /** Fails on attempt 1, then succeeds. */
  fail1: "fails once",
  /** Fails on attempts 1 and 2, then succeeds. */
  fail2: "fails twice",
  /** Fails always; sent with max_retries 2, so that it ends in quarantine. */
  exhaust: "fails until it is exhausted",
  /** Fails as non-retryable. */
  bad: "fails for good",
  /** Discarded by the worker. */
  discard: "is discarded",
  /** Quarantined by the worker. */
  quarantine: "is quarantined",
  /** Released on its first delivery, then succeeds. */
  release: "is released once",
  /** Held for one and a half leases under ExtendLease, then succeeds. */
  slow: "outlasts its lease, which is extended",
  /** Never acknowledged on its first delivery: the lease expires. Then succeeds. */
  silent: "expires once",
  /** Never acknowledged: ends in quarantine as a crash loop. In a queue of its own. */
  crash: "never gets an outcome",
  /** Due in the far future: must be there untouched at the end. */
  baseline: "stays",
} as const;

export type Plan = keyof typeof PLANS;

/** What the store holds at the end, read from Redis by the conductor: one line a message. */
export interface Kept {
  readonly e: "kept";
  readonly queue: string;
  readonly id: string;
  readonly source: string;
  readonly state: "SCHEDULED" | "IN_FLIGHT" | "QUARANTINED";
  readonly quarantineReason?: string;
  readonly attempts: number;
  /** Deliveries so far. */
  readonly number: number;
}

/** Counters of a queue as Redis has them, and what contradicts itself in it (test/support). */
export interface Counted {
  readonly e: "counted";
  readonly queue: string;
  readonly accepted: number;
  /** Sends that were joined to a message by their dedup key. */
  readonly duplicates: number;
  readonly succeeded: number;
  readonly discarded: number;
  readonly expired: number;
  readonly purged: number;
  /** To another queue, and from one. */
  readonly movedOut: number;
  readonly movedIn: number;
  readonly deliveries: number;
  readonly leaseExpiries: number;
  readonly failedAttempts: number;
  readonly released: number;
  /** Breakers that are not closed. */
  readonly openBreakers: number;
  readonly broken: readonly string[];
}

/** A breaker opened, as the journal of its queue tells, which may have forgotten earlier ones. */
export interface BreakerOpened {
  readonly e: "breaker";
  readonly at: AtMs;
  readonly queue: string;
  readonly key: string;
}

export type SnapshotLine = Kept | Counted | BreakerOpened;

/** What the conductor did to the system, in order. */
export interface FaultRecord {
  readonly e: "fault";
  readonly at: AtMs;
  /** Place in the plan of the run, from 1. */
  readonly number: number;
  /** Several at the same time are joined by `+`. */
  readonly kind: string;
  readonly phase: "begins" | "over" | "recovered";
  readonly detail?: string;
}
