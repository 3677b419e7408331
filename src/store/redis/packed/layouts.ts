import {
  bytes,
  double,
  flag,
  i8,
  i32,
  layout,
  long,
  medium,
  ms,
  short,
  u8,
  u16,
  u32,
  u64,
} from "./layout.ts";
import { SIZE_LAYOUTS } from "./size-layouts.ts";
import { STORED_LAYOUTS } from "./stored-layouts.ts";

const token = { id: bytes(16), delivery: u32, nonce: bytes(16) };

/**
 * Every packed value: stored ones, arguments of scripts, and replies. Scripts name layouts and
 * fields as here, with `_` for capitals: `read.token(v)`, `write.send_reply { due = 5, ... }`.
 * script-text/expand.ts puts formats and order there.
 */
export const LAYOUTS = {
  ...STORED_LAYOUTS,
  ...SIZE_LAYOUTS,

  // Arguments.

  /** What may block deliveries of a queue. 0 stands for "none"; rates are a second. */
  deliverySettings: layout({
    rate: double,
    burst: double,
    keyRate: double,
    keyBurst: double,
    keyMax: u16,
    budget: double,
    budgetMin: double,
    scope: u8,
    window: ms,
    volume: u32,
    ratio: double,
    inARow: u32,
    openTime: ms,
    maxOpenTime: ms,
    probes: u16,
    probeLease: ms,
    ordering: u8,
    hold: ms,
  }),
  /** How long deleted messages are kept, in milliseconds, 0: not at all; and how many bytes of them. */
  retention: layout({ keepSucceeded: ms, keepDeleted: ms, keepBytes: ms }),
  token: layout(token),
  sendItem: layout({
    /** The end of the message's id takes 34 bits of it. */
    random: bytes(5),
    reason: u8,
    /** Not 0: straight to quarantine. */
    qreason: u8,
    delay: ms,
    hasDueAt: flag,
    dueAt: ms,
    /** 0: never expires. */
    ttl: ms,
    size: u32,
    request: short,
    source: short,
    dedup: short,
    payloadHash: short,
    retry: medium,
    failure: long,
    /** Digest and description of the failure's group; either may be missing. */
    group: medium,
  }),
  /** Behind `sendItem`, if it has any of these. */
  sendExtra: layout({
    priority: i8,
    key: short,
    order: medium,
    dropped: flag,
    note: short,
    edits: long,
    /** The client, and the number that it gave the send; empty: no number. */
    client: short,
    number: u64,
    /** `dlq.storage.v1.EventFields`, or nothing. */
    eventFields: short,
  }),
  /** Last, if there is one. `failures`: beside the one that it is sent with. `first`: 0 is none. */
  importedHistory: layout({ attempts: u16, failures: u8, first: ms }),
  /** An edit of a message; the edits follow. */
  edit: layout({ grown: i32, rekeyed: flag, key: short }),
  settleItem: layout({
    ...token,
    kind: u8,
    bits: u8,
    version: u16,
    delay: ms,
    qreason: u8,
    reason: u8,
    failure: long,
    decision: short,
    note: medium,
    /** As in `sendItem`. */
    group: medium,
  }),
  settlePriority: layout({ priority: i8 }),
  settleRetry: layout({ retry: medium }),
  /** What becomes of the message here if the target refuses it. */
  settleMove: layout({ refusedQreason: u8, refusedDelay: ms, target: short }),
  settleEdits: layout({ edits: long }),
  /** Behind the id. Status 0: the edits follow; else why it is refused. */
  retryDecision: layout({ status: u8, version: u16 }),
  /** Behind the id; edits may follow. */
  jobItem: layout({ version: u16 }),
  receiveItem: layout({ id: bytes(16), delivery: u32, began: ms, key: short, order: medium }),
  /** Of an import. `group`: as in `sendItem`. `from`: the queue that it was exported from. */
  importItem: layout({
    id: bytes(16),
    key: short,
    order: medium,
    eventFields: short,
    from: short,
    group: medium,
  }),
  moveEnd: layout({ id: bytes(16), delivery: u32, began: ms, received: flag }),

  // Replies.

  undeleted: layout({ count: u32, more: flag, upTo: ms, score: double, id: bytes(16) }),
  refusedUndelete: layout({ id: bytes(16), status: u8 }),
  deletedPage: layout({ now: ms, total: u32 }),
  /** The state before the deletion follows. */
  listedDeleted: layout({
    id: bytes(16),
    state: u8,
    at: ms,
    bytes: ms,
    holder: medium,
    note: medium,
  }),
  /** `oldest` 0: no deleted message is left. */
  erased: layout({ messages: u32, bytes: ms, oldest: ms }),

  sendReply: layout({ status: u8, id: bytes(16), state: u8, reason: u8, qreason: u8, due: ms }),
  /** Behind a `sendReply` of status ROUTED. */
  sendTarget: layout({ target: short }),
  tick: layout({
    now: ms,
    deleting: flag,
    headTooLarge: flag,
    /** When to come again; 0: there is nothing to wait for. */
    nextDue: ms,
    nextIsolated: ms,
    nextLease: ms,
    nextEnd: ms,
    tendAt: ms,
    leasesOut: u32,
    paused: flag,
    breaker: u8,
    retryAt: ms,
    openBreakers: u32,
    firstMove: ms,
  }),
  lostLease: layout({ session: bytes(16), id: bytes(16), delivery: u32, state: u8, held: ms }),
  /** `state` 0: removed. `retained`: its quarantine ended, not its time to live. */
  endedLife: layout({ id: bytes(16), state: u8, retained: flag }),
  claim: layout({
    /** Index of the session in the request. */
    session: u16,
    isolated: flag,
    id: bytes(16),
    delivery: u32,
    attempts: u16,
    reason: u8,
    failures: u16,
    unknown: u16,
    due: ms,
    expire: ms,
    leaseEnd: ms,
    size: u32,
  }),
  /** Of a message with FLAG.EXTRA `examinedExtra` follows; then its retry settings. */
  examined: layout({
    status: u8,
    state: u8,
    flags: u8,
    reason: u8,
    version: u16,
    attempts: u16,
    releases: u8,
  }),
  examinedExtra: layout({ round: ms, lastDelay: ms, priority: i8, hops: u8 }),
  /** The answer to `settle` begins with the time. */
  settledAt: layout({ now: ms }),
  settled: layout({
    status: u8,
    state: u8,
    qreason: u8,
    due: ms,
    hasSession: u8,
    session: bytes(16),
    held: ms,
    age: ms,
  }),
  extended: layout({ status: u8, leaseEnd: ms }),
  heldLease: layout({
    id: bytes(16),
    delivery: u32,
    nonce: bytes(16),
    size: u32,
    isolated: flag,
  }),
  /** The queue that it moves to follows. */
  moving: layout({ id: bytes(16), delivery: u32, began: ms }),
  /** `number`: when the retry began, or how many messages match. */
  retryReply: layout({ status: u8, number: ms }),
  retried: layout({ status: u8 }),
  /** An empty `why` is that of the one before: an answer that is kept would repeat it up to 1,000 times. */
  refusedRetry: layout({ id: bytes(16), why: short }),
  /** Where a retry by filter continues. `started` 0: at the time of this answer. */
  retryRest: layout({ started: ms, remaining: u32, index: u8, score: ms, id: bytes(16) }),
  /** An entry that a walk met; also an argument: where the walk continues. */
  entry: layout({ score: double, id: bytes(16) }),
  /** Behind it: the retry settings. */
  details: layout({
    state: u8,
    qreason: u8,
    reason: u8,
    isolated: flag,
    /** Of the stream that holds it. */
    ended: flag,
    attempts: u16,
    expiries: u8,
    releases: u8,
    unknown: u16,
    failures: u16,
    delivery: u32,
    size: u32,
    since: ms,
    due: ms,
    expire: ms,
    leaseEnd: ms,
    priority: i8,
    poisoned: flag,
    /** Seconds. */
    ttl: u32,
    /** When its round of attempts began; 0: at its arrival. */
    round: ms,
    lastDelay: ms,
    /** Moves by rules so far. */
    hops: u8,
    movesTo: short,
    /** Digest; empty: it is in no group. */
    group: short,
    retry: medium,
  }),
  /** `oldest` 0: none of its leases was looked at. `holder`: as `:workers` or `:ended` has it; empty: unknown. */
  worker: layout({ session: bytes(16), ended: flag, held: u32, oldest: ms, holder: medium }),
  brokenLease: layout({ session: bytes(16), delivery: u32, held: ms, holder: medium }),
  /** What holds back a scheduled message. Times of 0: unknown, or none. */
  blocks: layout({
    /** BLOCK. */
    limiter: u8,
    key: short,
    inFlight: u32,
    checkAt: ms,
    breaker: u8,
    retryAt: ms,
    order: medium,
    /** The message whose turn it is; empty: its own. */
    turn: short,
    turnState: u8,
    holdEnds: ms,
    /** BLOCK.NO_RANK: unknown. */
    ahead: u32,
  }),
  /** A field of `groups`. */
  storedGroup: layout({ digest: bytes(16), record: short }),
  /** A field of `groupArchives`. */
  storedArchive: layout({ digest: bytes(16), archive: short }),
  /** A field of `groupCounts`. */
  groupCount: layout({ field: short, count: u32 }),
  /** `last`: the last chunk that was looked at. */
  statesPage: layout({ now: ms, more: flag, examined: u32, last: ms }),
  content: layout({ state: u8, version: u16 }),
  walked: layout({
    id: bytes(16),
    reason: u8,
    flags: u8,
    attempts: u16,
    round: ms,
    retry: medium,
  }),
  openBreaker: layout({ state: u8, first: ms, retryAt: ms, times: u16, key: short }),
  sealed: layout({ status: u8, messages: ms }),
} as const;
