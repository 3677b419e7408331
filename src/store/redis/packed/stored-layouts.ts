import { bytes, double, flag, i8, layout, medium, ms, short, u8, u16, u24, u32 } from "./layout.ts";

/**
 * Packed values that are stored. A changed field needs a new storage version (upgrades/). Scripts use them as they use those of
 * layouts.ts.
 */
export const STORED_LAYOUTS = {
  /** The part of a message that changes. Up to 64 bytes unless it was leased: its chunk stays a listpack. */
  state: layout({
    state: u8,
    /** PLACE, and MARK times MARK.FIRST. */
    place: u8,
    flags: u8,
    reason: u8,
    qreason: u8,
    version: u16,
    attempts: u16,
    expiries: u8,
    releases: u8,
    /** Deliveries whose outcome is unknown. */
    unknown: u16,
    failures: u16,
    delivery: u32,
    /** Bytes of envelope and edits. */
    size: u32,
    due: ms,
    /** 0: never. */
    expire: ms,
    /** Seconds. */
    ttl: u32,
    /** When it got into its present state. */
    since: ms,
    /** Milliseconds. */
    lease: u32,
    /** Nonce and session of the lease, 16 bytes each, or nothing. */
    holder: short,
    source: short,
    /** `dlq.storage.v1.RetrySettings`. */
    retry: medium,
  }),
  /** With FLAG.EXTRA: what few messages have. */
  stateExtra: layout({
    priority: i8,
    /** Limiter key. */
    key: short,
    /** Ordering key. */
    order: medium,
    /** When its round of attempts began; 0: at its arrival. */
    round: ms,
    lastDelay: ms,
    /** Moves by rules so far. */
    hops: u8,
    /** `movePlan` and the queue that it moves to, or nothing. */
    move: short,
  }),
  /** With MARK.GROUP, behind `stateExtra`: the number of its group in the partition. */
  stateGroup: layout({ group: u24 }),
  /** A group of a partition; `groupLatest` follows. `changed`: when its status was last set by a person; 0: never. */
  group: layout({
    number: u24,
    status: u8,
    first: ms,
    last: ms,
    total: ms,
    changed: ms,
    /** The first failure after it was resolved; 0: none. */
    regressed: ms,
  }),
  /** The message that failed last, and its queue. */
  groupLatest: layout({ latest: bytes(16), queue: short }),
  /**
   * When an archived group opens again by itself. It counts only while `changed` is that of the group: a server that does not
   * know it may have set the status since.
   */
  groupArchive: layout({
    changed: ms,
    /** When; 0: at no time. */
    ends: ms,
    /** At so many failures after it was archived, in all partitions; 0: at no number. */
    count: u32,
    /** Failures in this partition when it was archived. */
    total: ms,
  }),
  /** The queue follows. */
  groupNumber: layout({ number: u24 }),
  /** Of a move: quarantine reason there; quarantine reason or due time here, if it is refused there. */
  movePlan: layout({ qreason: u8, refusedQreason: u8, refusedDue: ms }),
  /** A UUIDv7: time, then the arrival, around version and variant. Random bits follow. */
  id: layout({ born: ms, high: u16, middle: u8, low: u24 }),
  /** The first field of an id. */
  idTime: layout({ born: ms }),
  /** Behind a failure: what is known of the attempt. */
  attempt: layout({
    /** When a worker got the message; 0: unknown, or it is the failure of a send. */
    start: ms,
    ended: ms,
    /** 0: the failure of a send. */
    delivery: u32,
    /** It did not count, because the breaker had opened. */
    exempt: flag,
    /** The stream that held the message, as `:workers` has it. */
    holder: medium,
    /** What was decided, in words. */
    decision: short,
  }),
  /** An entry of a timeline. Later versions may add fields behind these. */
  timelineEntry: layout({
    /** EVENT. */
    kind: u8,
    at: ms,
    /** When a worker got the message, or when it came into quarantine; 0: unknown, or neither. */
    began: ms,
    delivery: u32,
    /** The quarantine that it entered, or left by a retry; 0: none. */
    qreason: u8,
    /** As in `attempt`. */
    holder: medium,
    /** The caller, or of a move the other queue. */
    who: short,
    note: medium,
  }),
  /** A deleted message that is kept; its state before the deletion follows. */
  deleted: layout({
    /** How it ended: STATE. */
    state: u8,
    at: ms,
    /** Bytes that it is counted with. */
    bytes: ms,
    /** Its place in the queue: the chunk that has its content. */
    arrival: ms,
    /** Digest of its group, or nothing. */
    group: short,
    /** The stream that reported the outcome, as `:workers` has it; for a job an empty line, its id, and its caller. */
    holder: medium,
    note: medium,
    timeline: medium,
  }),
  breaker: layout({
    state: u8,
    /** First opened, and last. */
    first: ms,
    opened: ms,
    /** When an open breaker lets probes go. */
    retryAt: ms,
    /** Half-open since. */
    half: ms,
    /** Times opened since it was closed. */
    times: u16,
    /** Probes that are out, and those that succeeded. */
    out: u16,
    won: u16,
    /** Failures in a row. */
    inARow: u32,
    /** Number of the present tenth of the window; ten times `breakerTenth` follow. */
    tenth: ms,
  }),
  breakerTenth: layout({ ok: u32, failed: u32 }),
  bucket: layout({ tokens: double, at: ms }),
  rate: layout({ perSecond: double, at: ms }),
  source: layout({ sends: u16, first: ms }),
  /** The payload hash follows. */
  dedup: layout({ id: bytes(16) }),
  keyQueueName: layout({ retries: u8, priority: i8, key: short }),
  moveMark: layout({ id: bytes(16), delivery: u32 }),
  /** Behind `moveMark`, if a batch job started the move. */
  moveBegan: layout({ began: ms }),
  /** The last lease that was compared with its length after step `step` of the clock; `done`: it was the last of all. */
  leaseCheck: layout({ step: u32, done: flag, score: double, id: bytes(16) }),
  /** An entry of the outbox: the number of its first change since the outbox began, how many it has, and its epoch (lua/lib/outbox.lua). */
  outboxEntry: layout({ first: ms, count: u8, epoch: ms, queue: short }),
  /**
   * A state change of a message, of a breaker (its key is the note), or of a group (the message whose failure did it; the digest in
   * hexadecimal is the note). Of a queue it has the kind only.
   */
  change: layout({
    kind: u8,
    id: bytes(16),
    version: u16,
    state: u8,
    reason: u8,
    qreason: u8,
    attempts: u16,
    delivery: u32,
    due: ms,
    note: short,
    /** `dlq.storage.v1.EventFields`. */
    fields: short,
  }),
  /** Where the outbox ends: bytes and changes since it began; where it was at `markedAt`, and at the mark before. */
  outboxEnd: layout({
    bytes: ms,
    count: ms,
    epoch: ms,
    /** What its last script knew of the last restart or failover. */
    history: ms,
    markedAt: ms,
    marked: ms,
    markedBefore: ms,
  }),
} as const;
