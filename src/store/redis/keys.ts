/**
 * Everything that is in Redis. The keys of one queue share the hash tag of its partition, so that one script may use them
 * all, alone or in a cluster; scripts get the base and derive the rest from it.
 */

import { PARTITIONS, partitionTag, tagOf } from "./partitions.ts";

/** The base of a queue's keys; deployments that share one Redis differ by their prefix. */
export function queueBase(prefix: string, queue: string): string {
  return `${prefix}:{${tagOf(queue)}}:${queue}`;
}

/** Keys that most calls use. A script composes those that it uses when it begins. */
const COMMON_QUEUE_KEYS = {
  /** zset: scheduled messages by due time. */
  due: ":due",
  /** zset: scheduled messages that get isolated delivery, by due time. */
  isolated: ":isolated",
  /** zset: messages in key queues, with a priority, or behind their ordering key, by due time. */
  indirect: ":laned",
  /** zset: messages that move to another queue, by the start of their move; no claim looks at them. */
  moving: ":moving",
  /** hash: id -> its arrival here, of each message that came from another queue. */
  movedIn: ":foreign",
  /** hash of a day: message and delivery -> what was decided about its move to here. Expires. */
  arrived: ":arrived:",
  /** zset: messages in flight, by the end of their lease; half a millisecond less, if an outage lengthened it. */
  leases: ":leases",
  /** zset: messages in quarantine, by when they came there. */
  quarantine: ":quarantine",
  /** zset: chunks with scheduled messages that have a time to live, by the first end or earlier. */
  expiry: ":expiry",
  /** hash a chunk of 128 messages: id -> packed state (packed/layouts.ts). */
  states: ":states:",
  /** hash a chunk: id -> envelope (dlq.storage.v1.Envelope), never changed. */
  bodies: ":bodies:",
  /** zset: numbers of the chunks that hold messages. */
  chunks: ":chunks",
  /**
   * hash: totals, such as `messages` and `bytes`, and cells `c:state:reason:qreason`. `healed`: index entries without a
   * message that were removed. While the queue is deleted: `deleting` (the last arrival that is deleted with it) and
   * `deleting_total` (how many messages are).
   */
  counters: ":counters",
  /** hash: smoothed rates, packed with the instant of their last change. */
  rates: ":rates",
  /**
   * hash: `laned`, once the queue has used `indirect`; `gated_by` (the delivery settings under which limiters were closed);
   * `check_cursor` (where the check of all limiters under other settings goes on);
   * `deleting`, while the queue is deleted; `moves`, once a message has moved to another queue; `leases_checked` (the last
   * lease that was compared with its length after the clock stepped back); `postponed`, while the key of that name may be there;
   * `deleted`, while the queue may keep deleted messages.
   */
  meta: ":meta",
  /** string: arrivals so far; part of each id. */
  sequence: ":sequence",
  /** hash a session: id -> bytes of each lease it holds, negative with isolated delivery. */
  session: ":session:",
  /** hash: session -> node, max_in_flight (of a quiet one after `0e`) and worker of each stream that is open on the queue. */
  workers: ":workers",
  /** string a dedup key: id and payload hash. Expires with the dedup window. */
  dedup: ":dedup:",
} as const;

/** Keys that few calls use. A script composes one where it uses it. */
export const RARE_QUEUE_KEYS = {
  /** zset: key queues (lua/lib/key_queues.lua) by the due time of their first message, unless a limiter blocks them. */
  keyQueues: ":lanes",
  /** zset: priorities other than 0 that messages have; their `due` and `keyQueues` end in `:priority`. */
  priorities: ":priorities",
  /** zset: chunks whose end in `expiry` is later since the clock stepped forward, by the first end of a life that began before. */
  postponed: ":postponed",
  /** zset a key queue: its messages by due time. */
  keyQueue: ":lane:",
  /** zset: closed limiters that block key queues, by when they are checked again. */
  limiters: ":gates",
  /** set a limiter: the key queues that it blocks. */
  blocked: ":parked:",
  /** zset: moved-in messages by when they were first accepted, which their arrival here does not say. */
  byAge: ":elders",
  /** string a token bucket: its tokens, and since when. Expires when it would be full. */
  bucket: ":bucket:",
  /** string a breaker (lua/lib/breaker.lua): '' or the key. Expires. */
  breaker: ":breaker:",
  /** zset: keys of breakers that are not closed, by when they first opened. */
  breakers: ":breakers",
  /** hash: key -> messages in flight. */
  inFlightByKey: ":keyed",
  /** zset an ordering key: its messages by arrival. */
  order: ":order:",
  /** hash: ordering key -> the message whose turn it is. */
  turns: ":turns",
  /** zset: ordering keys that wait behind a quarantined message, by when they no longer do. */
  holds: ":holds",
  /** hash a chunk: id -> edits of the message (dlq.storage.v1.Edits), if there are any. */
  edits: ":edits:",
  /** string a session: its entry of `workers`, if its stream ended while it held leases here. Expires. */
  endedStream: ":ended:",
  /** hash a chunk: id -> the failures after the first, length-prefixed. */
  failures: ":failures:",
  /** hash a chunk: id -> lost leases, manual retries and so on (lua/lib/timeline.lua), of messages with MARK.TIMELINE. */
  timeline: ":timeline:",
  /** hash a chunk: id -> dlq.storage.v1.EventFields, of messages with MARK.EVENT_FIELDS. */
  eventFields: ":events:",
  /**
   * zset a way to end (a number of STATE): deleted messages that can be brought back, by the time of their deletion. Their bodies,
   * edits, failures and event fields stay where they are.
   */
  deleted: ":deleted:",
  /** hash: id -> layout `deleted`, of each of them. */
  deletedFacts: ":deleted-facts",
  /** string a process: number of its last claim that was given back. Expires. */
  fences: ":fences:",
  /** string a process: ids of its last claim that took something. Expires. */
  claims: ":claims:",
  /** string a batch job: dlq.storage.v1.BatchJobProgress, while the job works on the queue. Expires. */
  job: ":job:",
  /** hash: id -> the batch job and the slice of its canary that wait for the outcome, with `:` between them. Expires. */
  canary: ":canary",
  /** hash a batch job: a slice of its canary, `:` and what is counted -> how many. Expires. */
  slices: ":slices:",
  /** hash of 5 minutes: request -> the answer it got. Expires. */
  answers: ":answers:",
  /**
   * hash of a day: client, and behind it the queue that it sent to if that is another one -> the numbers of its sends
   * (lua/send/numbers.lua). Expires. With `:old` behind the day: zset of the lower numbers of clients with many gaps.
   */
  numbers: ":numbers:",
  /** hash a part of all sources (lua/lib/sources.lua): source -> sends, and when the first one was. Expires. */
  sources: ":sources:",
} as const;

/** Keys of one queue: the suffix behind its base. Those that end in a colon are families. */
export const QUEUE_KEYS = { ...COMMON_QUEUE_KEYS, ...RARE_QUEUE_KEYS } as const;

/** Keys of a partition, in the slot of its queues: the suffix behind its base. Scripts use them with those of a queue. */
export const PARTITION_KEYS = {
  /** zset: names of the queues of the partition, each with score 0: in order. A script adds one with its first message. */
  queues: "/queues",
  /**
   * The wake-up indexes: zsets of queues by a time. It may be too early; it is too late only while a failing tick is postponed.
   * Scripts only lower it; a tick of the queue writes the exact one. `ready`: when a claim may find something.
   */
  ready: "/ready",
  /** As `ready`, of isolated deliveries. */
  isolated: "/isolated",
  /** As `ready`: when a lease, a life, a hold or a quarantine ends, a move is late, or a deletion was left behind. */
  tend: "/tend",
  /** zset: queues that keep deleted messages, by the deletion of the first one or earlier. */
  deleted: "/deleted",
  /**
   * hash: `tended` (when a server last looked at `tend`, or ticked a queue with leases); `resumed` (the first time after an
   * outage); `steps_back` (how often the clock stepped back); `groups` (the last number of a group); `outbox_epoch` (the epoch of the
   * outbox, in case its keys are lost).
   */
  meta: "/meta",
  /**
   * hash: queue -> its settings that were changed while servers ran (dlq.storage.v1.QueueRecord). The field without a name
   * has the latest changes, `/` the last one (records.ts).
   */
  settings: "/settings",
  /** stream: the state changes of all its queues, bounded (lua/lib/outbox.lua). */
  outbox: "/outbox",
  /** string: where the outbox ends (layout `outboxEnd`). */
  outboxEnd: "/outbox-end",
  /**
   * hash: reader of the outbox -> three decimal numbers, with a space between them: the bytes before the entry that it reads next,
   * the most bytes that the outbox keeps for it, and when it wrote that. A reader that has not written for a day is ignored.
   */
  outboxReaders: "/outbox-readers",
  /** hash: digest of a group's fingerprint -> layout `group`. */
  groups: "/groups",
  /** hash: number of a group -> its digest. */
  groupDigests: "/group-digests",
  /** hash: digest -> what the group is formed of (dlq.storage.v1.GroupDescription). */
  groupDescriptions: "/group-descriptions",
  /** hash: number of a group and a queue (layout `groupNumber`) -> how many messages the group has there. */
  groupCounts: "/group-counts",
  /** hash: digest -> who set the status of a group, and why (dlq.storage.v1.GroupNote). */
  groupNotes: "/group-notes",
  /** hash: digest -> when an archived group opens again by itself (layout `groupArchive`). */
  groupArchives: "/group-archives",
  /** hash: digest -> the URL that a person gave the group. */
  groupLinks: "/group-links",
  /** hash of five minutes: number of a group -> its failures. Expires. */
  groupFiveMinutes: "/group-five-minutes:",
  /** As `groupFiveMinutes`, of an hour. */
  groupHours: "/group-hours:",
} as const;

export function partitionKeys(
  prefix: string,
  partition: number,
): Record<keyof typeof PARTITION_KEYS, string> {
  const base = `${prefix}:{${partitionTag(partition)}}`;
  return {
    queues: base + PARTITION_KEYS.queues,
    ready: base + PARTITION_KEYS.ready,
    isolated: base + PARTITION_KEYS.isolated,
    tend: base + PARTITION_KEYS.tend,
    deleted: base + PARTITION_KEYS.deleted,
    meta: base + PARTITION_KEYS.meta,
    settings: base + PARTITION_KEYS.settings,
    outbox: base + PARTITION_KEYS.outbox,
    outboxEnd: base + PARTITION_KEYS.outboxEnd,
    outboxReaders: base + PARTITION_KEYS.outboxReaders,
    groups: base + PARTITION_KEYS.groups,
    groupDigests: base + PARTITION_KEYS.groupDigests,
    groupDescriptions: base + PARTITION_KEYS.groupDescriptions,
    groupCounts: base + PARTITION_KEYS.groupCounts,
    groupNotes: base + PARTITION_KEYS.groupNotes,
    groupArchives: base + PARTITION_KEYS.groupArchives,
    groupLinks: base + PARTITION_KEYS.groupLinks,
    groupFiveMinutes: base + PARTITION_KEYS.groupFiveMinutes,
    groupHours: base + PARTITION_KEYS.groupHours,
  };
}

/** The base for a script that uses the keys of a partition and of none of its queues. */
export function partitionBase(prefix: string, partition: number): string {
  return `${prefix}:{${partitionTag(partition)}}:`;
}

/**
 * A key that exists as long as the partition has queues; a base is a key that never exists. Each call names both: so Redis Cluster
 * refuses it as a whole while their slot migrates, at the source and at the target. A key of the deployment is its own anchor.
 */
export function anchorOf(base: string): string {
  const end = base.indexOf("}") + 1;
  return end === 0 ? base : base.slice(0, end) + PARTITION_KEYS.queues;
}

/** The keys of one kind, of all partitions in their order. */
export function allPartitionKeys(prefix: string, kind: keyof typeof PARTITION_KEYS): string[] {
  return Array.from({ length: PARTITIONS }, (_, n) => partitionKeys(prefix, n)[kind]);
}

/** The lists of queues of all partitions. */
export function queueListKeys(prefix: string): string[] {
  return allPartitionKeys(prefix, "queues");
}

/** Keys of the deployment, in other slots than the queues: they may lag behind. */
export const globalKeys = (prefix: string) => ({
  /** zset: servers that are a reader of outboxes together, by their last sign of life. */
  outboxServers: (reader: string) => `${prefix}:outbox-servers:${reader}`,
  /** string: version of the layout; `1>2` while an upgrade runs. */
  version: `${prefix}:version`,
  /** string: the layout that a server upgrades to, and its node. Expires. */
  upgrade: `${prefix}:upgrade`,
  /**
   * hash: `id` of Redis' history, unless all servers ended in order; when it last `changed` (redis-history.ts); the `store` id
   * (store-id.ts).
   */
  history: `${prefix}:history`,
  /** string: the last step forward of Redis' clock that a server saw (shared-life-clock.ts). Expires when it no longer counts. */
  clockStep: `${prefix}:clock-step`,
  /** zset: node -> its last sign of life. */
  nodes: `${prefix}:nodes`,
  /** string a node: its last write that replicas must confirm. Expires. */
  mark: (nodeId: string) => `${prefix}:mark:${nodeId}`,
  /** set a node: the queues that may have entries of its streams in `workers`. */
  workerQueues: (nodeId: string) => `${prefix}:worker-queues:${nodeId}`,
  /** string a session: the queues of its stream, to find its leases from any node. Expires. */
  session: (sessionId: string) => `${prefix}:session:${sessionId}`,
  /** hash: quiet session -> until when it is, and who made it so, one a line. Expires with the last of them. */
  quietSessions: `${prefix}:quiet-sessions`,
  /** hash: as `settings` of a partition, of the whole deployment: `rules` (dlq.v1.RuleSet). */
  deployment: `${prefix}:deployment`,
  /**
   * hash: number of a batch job -> dlq.storage.v1.BatchJobRecord; `next`: the number of the next one; `history`: when Redis' history
   * had changed as that was written.
   */
  jobs: `${prefix}:{jobs}`,
  /** string a request: the number of the batch job that it created. Expires. */
  jobRequest: (request: string) => `${prefix}:{jobs}:request:${request}`,
  /** zset: batch jobs that a server runs or should run, by until when one has taken them; a job that waits, by its number. */
  activeJobs: `${prefix}:{jobs}:active`,
  /** zset: ended batch jobs, by when they ended. */
  endedJobs: `${prefix}:{jobs}:ended`,
  /** channel: a queue's name when its settings have changed, or the name of a setting of the deployment. */
  config: `${prefix}:config`,
  /** channel: a queue's name, and in how many milliseconds a claim may find something there: sooner than was known. */
  wake: `${prefix}:wake`,
  /** channel: a session's id when one of its leases ended on another node. */
  credit: `${prefix}:credit`,
  /** channel: a session's id and a node's when a stream takes the session over. */
  takeover: `${prefix}:takeover`,
  /** channel: a session's id when it has become quiet, or takes messages again. */
  quiet: `${prefix}:quiet`,
  /** channel without listeners: tests whether this user may publish. */
  probe: `${prefix}:probe`,
});
