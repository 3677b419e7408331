// The events in the history file of an actor, one JSON object a line. The checker trusts nothing else. An actor writes
// each call before it makes it and each result at once, so that a `kill -9` loses at most the last line and hides no call.

/** Milliseconds since 1970. Actors, servers and stores share the clock of one machine. */
export type AtMs = number;

/** The first line of each file. */
export interface Started {
  readonly e: "started";
  readonly at: AtMs;
  /** Unique in a run: `ts-worker-1`. A restarted process has another name. */
  readonly actor: string;
  readonly role: "producer" | "worker";
  /** The name of the folder of its client. */
  readonly language: string;
}

/** Before a send of this message. Once for each try; tries share the `request`. */
export interface Sending {
  readonly e: "sending";
  readonly at: AtMs;
  /** `request_id`: the same for all tries of one send. */
  readonly request: string;
  /** `source_id`, unique for each message. */
  readonly source: string;
  readonly queue: string;
  /** The first 16 hex digits of the SHA-256 of the payload. */
  readonly sum: string;
  /** The same after the edits of the run. */
  readonly edited: string;
  /** What workers do with it. Part of the payload. */
  readonly plan: Plan;
}

/** The server acknowledged it. */
export interface Sent {
  readonly e: "sent";
  readonly at: AtMs;
  readonly request: string;
  readonly id: string;
  /**
   * SCHEDULED or QUARANTINED. Without an id: DISCARDED if a rule dropped it, KNOWN if the service had the send already
   * and has forgotten its id.
   */
  readonly state: string;
  /** 0 for none, as in quarantine. */
  readonly dueAt: AtMs;
}

/**
 * A try failed. `code` is the name of the gRPC code, such as UNAVAILABLE. A `refused` try changed nothing, for example
 * RESOURCE_EXHAUSTED or INVALID_ARGUMENT from the server.
 */
export interface Unsent {
  readonly e: "unsent";
  readonly at: AtMs;
  readonly request: string;
  readonly code: string;
  readonly refused: boolean;
}

/** The `opened` frame of a stream. */
export interface Opened {
  readonly e: "opened";
  readonly at: AtMs;
  /** Unique in this file. */
  readonly stream: string;
  readonly session: string;
  readonly leaseMs: number;
  readonly leasesHeld: number;
}

/** A stream ended: by an error, by the server or cancelled by the client. */
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

/** Before an Ack with these outcomes. Once for each try; tries share the `request`. */
export interface Acking {
  readonly e: "acking";
  readonly at: AtMs;
  /** Empty for a call without a `request_id`. A file has only one such call at a time. */
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
    /** APPLIED, LEASE_LOST, NOT_FOUND, INVALID, INTERNAL. */
    readonly status: string;
    /** State after the outcome, if the message still exists. */
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

/** Before an ExtendLease. No tokens: all leases of the session. */
export interface Extending {
  readonly e: "extending";
  readonly at: AtMs;
  readonly request: string;
  readonly tokens: readonly string[];
}

/** The extended leases with their new ends. Other leases are lost or unknown. */
export interface Extended {
  readonly e: "extended";
  readonly at: AtMs;
  readonly request: string;
  readonly leases: readonly { readonly token: string; readonly expires: AtMs }[];
}

/** An ExtendLease failed. The leases may have been extended. */
export interface Unextended {
  readonly e: "unextended";
  readonly at: AtMs;
  readonly request: string;
  readonly code: string;
}

/** What batch jobs do. */
export type JobAction = "retry" | "edit" | "quarantine" | "discard" | "purge" | "move";

/** What operators do to many messages. Undelete is no job, but is recorded and checked like one. */
export type OperatorAction = JobAction | "undelete";

/** Before a CreateBatchJob, or an Undelete. Once for each try; tries share the `request`. */
export interface Creating {
  readonly e: "creating";
  readonly at: AtMs;
  readonly request: string;
  readonly action: OperatorAction;
  /** The job selects the messages of its queues whose source has this mark (./job-sources.ts). */
  readonly mark: string;
}

/** The server has created the job, or has undeleted the messages. */
export interface Created {
  readonly e: "created";
  readonly at: AtMs;
  readonly request: string;
  /** `j-3`; `undelete` for an Undelete. */
  readonly job: string;
  /** By the clock of the store; of an Undelete by that of the operator, when it was first asked for. */
  readonly createdAt: AtMs;
}

/** A try failed; `refused` as for {@link Unsent}. */
export interface Uncreated {
  readonly e: "uncreated";
  readonly at: AtMs;
  readonly request: string;
  readonly code: string;
  readonly refused: boolean;
}

/** The job as the operator saw it last: after its end, unless it did not end. */
export interface JobSeen {
  readonly e: "job-seen";
  readonly at: AtMs;
  readonly request: string;
  /** DONE, FAILED, RUNNING and so on; GONE: the server does not know the job. */
  readonly state: string;
  /** The counts of the job; `passed`: messages that match and that it could not select. */
  readonly selected: number;
  readonly passed: number;
  readonly done: number;
  readonly refused: number;
  readonly left: number;
}

/** The last line of an actor that ended normally. */
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
  | Creating
  | Created
  | Uncreated
  | JobSeen
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
  /** Always fails. Sent with max_retries 2, so it is quarantined. */
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
  /** Not acknowledged on its first delivery, so the lease expires. Then succeeds. */
  silent: "expires once",
  /** Never acknowledged, so it is quarantined as a crash loop. Only in its own queue. */
  crash: "never gets an outcome",
  /** Succeeds, if a worker gets it. Only in queues of batch jobs, which may act on it before. */
  job: "is there for batch jobs",
  /** Due in the far future. Must be stored unchanged at the end. */
  baseline: "stays",
} as const;

export type Plan = keyof typeof PLANS;

/** A message in the store at the end, read from Redis by the conductor. */
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

/** Counters of a queue in Redis, and its broken invariants (see test/support). */
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
  /** Messages that an operator brought back. */
  readonly undeleted: number;
  /** Moves to other queues, and from other queues. */
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

/** An opening of a breaker in the outbox. The outbox is bounded, so earlier ones may be missing. */
export interface BreakerOpened {
  readonly e: "breaker";
  readonly at: AtMs;
  readonly queue: string;
  readonly key: string;
}

/** An action of a batch job or Undelete on a message, in the outbox. */
export interface Acted {
  readonly e: "acted";
  readonly at: AtMs;
  /** Where the message was. */
  readonly queue: string;
  readonly id: string;
  readonly action: OperatorAction;
  /** `j-3: ` and the job's reason, which is its request. Empty: a move or Undelete, whose changes have no note. */
  readonly note: string;
  /** The queue after it. */
  readonly to: string;
  /** Deliveries so far. */
  readonly number: number;
}

export type SnapshotLine = Kept | Counted | BreakerOpened | Acted;

/** A phase of a fault that the conductor injected. */
export interface FaultRecord {
  readonly e: "fault";
  readonly at: AtMs;
  /** Place in the plan of the run, from 1. */
  readonly number: number;
  /** Simultaneous faults are joined by `+`. */
  readonly kind: string;
  readonly phase: "begins" | "over" | "recovered";
  readonly detail?: string;
}
