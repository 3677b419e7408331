import { MOVE_LATE_MS } from "../../../core/lifetime.ts";
import { QUARANTINE_REASONS } from "../../../core/reason.ts";

/**
 * Constants that scripts and TypeScript share, and those that several scripts share. In Lua they are written
 * as here, `STATE.SCHEDULED`; script-text/expand.ts puts the value there. Most of them are stored: a value
 * that was used once keeps its meaning.
 */
export const CONSTANTS = {
  STATE: {
    SCHEDULED: 1,
    IN_FLIGHT: 2,
    QUARANTINED: 3,
    SUCCEEDED: 4,
    DISCARDED: 5,
    EXPIRED: 6,
    PURGED: 7,
  },

  /** Where a scheduled message waits. */
  PLACE: {
    /** In `due`, or in what stands for it where limiters, priorities or an order are used. */
    DUE: 0,
    /** Gets isolated delivery. */
    ISOLATED: 1,
    /** On its way to another queue. No claim looks at it. */
    MOVING: 2,
  },

  /**
   * Marks of a message, in the six upper bits of the packed place; FIRST is what a place is smaller than. What a later mark adds
   * to the state comes behind `stateExtra`.
   */
  MARK: {
    FIRST: 4,
    /** It has event fields. */
    EVENT_FIELDS: 1,
    /** It is in a group. */
    GROUP: 2,
    /** It has a timeline. A message in no group has MARK.GROUP too then, with the number GROUP.NONE. */
    TIMELINE: 4,
    /** A batch job may wait for its outcome. Nothing comes behind `stateExtra`. */
    CANARY: 8,
  },

  GROUP: {
    /** Status. */
    OPEN: 0,
    RESOLVED: 1,
    ARCHIVED: 2,
    /** Of the layout `group`: what is shorter was damaged by a person. */
    BYTES: 34,
    /** The number of all messages whose groups find no place. */
    OTHER: 16_777_215,
    /** Stands in a state for 0; see MARK.TIMELINE. */
    NONE: 16_777_214,
    /** Failures are counted by five minutes, which are kept for three hours, and by hours, which are kept for 25. */
    FIVE_MINUTES_MS: 300_000,
    FIVE_MINUTES_KEPT_MS: 10_800_000,
    HOUR_MS: 3_600_000,
    HOURS_KEPT_MS: 90_000_000,
  },

  FLAG: {
    /** A failure joined it while it was in flight: it is scheduled again even if the attempt succeeds. */
    REJOINED: 1,
    /** Its source sent too often: the next verdict is quarantine. */
    POISONED: 2,
    /** Its latest failure is the last one of its history, not the envelope's. */
    HISTORY: 4,
    /** The packed state has a second part, `stateExtra`. */
    EXTRA: 8,
    /** In flight as a probe of a half-open breaker. */
    PROBE: 16,
    /** Waits in a key queue of retries, which the retry budget may block. */
    BUDGETED: 32,
    /** Waits behind another message of its ordering key, in no index that claims look at. */
    WAITING: 64,
    /** Its payload or attributes were edited; `edits` has the result. The largest flag. */
    EDITED: 128,
  },

  QUARANTINE: QUARANTINE_REASONS,

  /** The status of one item of a send. */
  SEND: {
    ACCEPTED: 0,
    JOINED: 1,
    FULL_MESSAGES: 2,
    FULL_BYTES: 3,
    DELETING: 4,
    DROPPED: 5,
    ROUTED: 6,
    DUPLICATE: 7,
    /** Added to the status of an earlier answer that is given again. */
    REPEATED: 16,
  },

  /** How an operation under a lease token ended. */
  TOKEN: { APPLIED: 1, LEASE_LOST: 2, NOT_FOUND: 3 },

  /** What an outcome does to its message. */
  OUTCOME: {
    SUCCEED: 1,
    DISCARD: 2,
    QUARANTINE: 3,
    FAIL_RESCHEDULE: 4,
    FAIL_QUARANTINE: 5,
    RELEASE: 6,
    RETURN: 7,
    FAIL_DISCARD: 8,
    FAIL_MOVE: 9,
  },

  OUTCOME_BIT: {
    /** Decided on `version` of the message. */
    VERSIONED: 1,
    /** Its reason counts for a breaker. */
    COUNTS: 2,
    /** Its delay is stored: the next one grows from it. */
    REMEMBER: 4,
    /** These have values behind the outcome, in this order. */
    PRIORITY: 8,
    RETRY: 16,
    MOVE: 32,
    EDITS: 64,
    /** The outbox does not get its note. */
    PRIVATE_NOTE: 128,
  },

  /** What a queue decided about a message that moves to it. */
  MOVE: { RECEIVED: 1, FULL_MESSAGES: 2, FULL_BYTES: 3, DELETING: 4, CLOSED: 5, PRESENT: 6 },

  /** What an import did with a message. */
  IMPORT: { IMPORTED: 1, ALREADY_THERE: 2, FULL_MESSAGES: 3, FULL_BYTES: 4, DELETING: 5 },

  /** The answer to a whole retry. */
  RETRY: { DONE: 0, MISMATCH: 1, CHANGED: 2 },
  /**
   * The status of one message of a retry. BUSY_NAMED: as BUSY, with the id. REST is of no message: it says behind them what
   * remains.
   */
  RETRIED: { RETRIED: 0, MISSING: 1, BUSY: 2, REFUSED: 3, BUSY_NAMED: 4, REST: 5 },

  /** What a batch job does to a message. */
  ACTION: { RETRY: 1, EDIT: 2, QUARANTINE: 3, DISCARD: 4, PURGE: 5, MOVE: 6 },
  /** How a step of a batch job ended. */
  ACT: { DONE: 0, CHANGED: 1, TAKEN: 2, BEHIND: 3 },
  /** What is counted of the messages of a slice (keys.ts). GROUP: the digest of a group follows. */
  SLICE: {
    MESSAGES: "messages",
    SUCCEEDED: "succeeded",
    FAILED: "failed",
    OTHER: "other",
    GROUP: "group:",
  },
  /** What became of one message that was to be brought back. */
  UNDELETE: {
    DONE: 0,
    MISSING: 1,
    PRESENT: 2,
    FULL_MESSAGES: 3,
    FULL_BYTES: 4,
    DELETING: 5,
    DAMAGED: 6,
  },

  SEAL: { SEALED: 0, MISMATCH: 1, BUSY: 2 },
  PURGE: { REMOVED: 0, EMPTY: 1, ABSENT: 2, ALIVE: 3 },

  BREAKER: { CLOSED: 0, OPEN: 1, HALF_OPEN: 2 },
  SCOPE: { QUEUE: 1, KEY: 2 },
  /** What blocks the key queue of a message. */
  BLOCK: { NONE: 0, KEY: 1, BUDGET: 2, NO_RANK: 0xffff_ffff },
  ORDERING: { OFF: 0, KEY: 1, HOLD: 2 },

  /** Kinds of changes in the outbox. */
  CHANGE: {
    SENT: 1,
    JOINED: 2,
    CLAIMED: 3,
    SUCCEEDED: 4,
    FAILED: 5,
    RELEASED: 6,
    RETURNED: 7,
    LEASE_EXPIRED: 8,
    QUARANTINED: 9,
    DISCARDED: 10,
    EXPIRED_TTL: 11,
    RETRIED: 12,
    // 13 was an extension of a lease.
    EXPIRED_RETENTION: 14,
    BREAKER_OPENED: 15,
    BREAKER_HALF_OPENED: 16,
    BREAKER_CLOSED: 17,
    ORDER_RELEASED: 18,
    MOVED_OUT: 19,
    MOVED_IN: 20,
    MOVE_REFUSED: 21,
    EDITED: 22,
    PURGED: 23,
    QUEUE_PAUSED: 24,
    QUEUE_RESUMED: 25,
    GROUP_OPENED: 26,
    GROUP_REGRESSED: 27,
    UNDELETED: 28,
  },

  RECORDS: {
    /** The field of the latest changes, one a line: a random revision and a name. */
    CHANGES: "",
    /** The field of the last of them, so that a look at many hashes without changes reads little. No queue has this name. */
    LATEST: "/",
    /** Changes that are kept. A copy that lacks only some of them reads their records, and any other one reads all records. */
    CHANGES_KEPT: 32,
  },

  /** Kinds of entries of a timeline. */
  EVENT: {
    RETRIED: 1,
    LEASE_LOST: 2,
    LEASE_BROKEN: 3,
    MOVED: 4,
    MOVE_REFUSED: 5,
    QUARANTINED: 6,
    IMPORTED: 7,
    UNDELETED: 8,
  },

  /** Fields of `meta` (keys.ts). */
  META: {
    USES_INDIRECT: "laned",
    LIMITED_BY: "gated_by",
    CHECK_CURSOR: "check_cursor",
    DELETING: "deleting",
    HAS_MOVES: "moves",
    LEASES_CHECKED: "leases_checked",
    POSTPONED: "postponed",
    KEEPS_DELETED: "deleted",
  },

  /** Fields of a partition's `meta` (keys.ts). */
  PARTITION_META: {
    TENDED: "tended",
    RESUMED: "resumed",
    STEPS_BACK: "steps_back",
    GROUPS: "groups",
    OUTBOX_EPOCH: "outbox_epoch",
  },

  /** Fields of `counters` (keys.ts). */
  COUNTER: {
    MESSAGES: "messages",
    BYTES: "bytes",
    DELETING: "deleting",
    DELETING_TOTAL: "deleting_total",
    ACCEPTED: "accepted",
    JOINED: "joined",
    DELIVERIES: "deliveries",
    SUCCEEDED: "succeeded",
    FAILED_ATTEMPTS: "failed_attempts",
    RELEASED: "released",
    RETURNED: "returned",
    LEASE_EXPIRIES: "lease_expiries",
    EXPIRED: "expired",
    DISCARDED: "discarded",
    PURGED: "purged",
    UNDELETED: "undeleted",
    /** Of the deleted messages that are kept, with what their indexes need. */
    DELETED_BYTES: "deleted_bytes",
    MOVED_OUT: "moved_out",
    MOVED_IN: "moved_in",
    HEALED: "healed",
    /** The prefix of a cell; its state, reason and quarantine reason follow, with `:` between them. */
    CELL: "c:",
  },

  LIMIT: {
    /** Groups of a partition. */
    GROUPS: 2_000,
    /** Changes in the outbox are removed after 1 to 1.5 times this age; without further changes after 2 times. */
    OUTBOX_AGE_MS: 86_400_000,
    /** Messages of a chunk, in the order of their arrival. */
    CHUNK: 128,
    /** Bytes of a note in the outbox, and of the event fields of a message. */
    NOTE_BYTES: 255,
    EVENT_FIELDS_BYTES: 255,
    /** Failures that are kept after the first one, and their bytes. */
    HISTORY_ENTRIES: 16,
    HISTORY_BYTES: 65_536,
    /** Entries of a timeline that are kept, their bytes, and those of a worker's note in one. */
    TIMELINE_ENTRIES: 16,
    TIMELINE_BYTES: 4_096,
    TIMELINE_NOTE_BYTES: 1_024,
    /** What a deleted message that is kept needs beside its content, about. */
    DELETED_OVERHEAD_BYTES: 400,
    /** Deleted messages that one script erases. */
    DELETED_ERASED: 500,
    /** A day; and the days for which decided moves and numbers of sends are kept. */
    DAY_MS: 86_400_000,
    KEPT_DAYS: 7,
    /** Answers are kept in hashes of this time; so many of them are looked at. */
    GENERATION_MS: 300_000,
    GENERATIONS: 3,
    /** The progress of a batch job in a queue is kept for so long after its last step. */
    JOB_KEPT_MS: 2_592_000_000,
    /** No lease is longer: claims and their fences are kept for this. */
    CLAIM_KEPT_MS: 46_800_000,
    /** A move or a deletion that takes longer is finished by another server. */
    LEFT_BEHIND_MS: MOVE_LATE_MS,
    /** While leases are out, servers look each second: a longer silence was an outage. */
    SILENCE_MS: 2_500,
  },
} as const;
