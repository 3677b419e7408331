/**
 * Everything that is in Redis. One queue's keys share the hash tag `{queue}`, so that one script
 * may touch them all, alone or in a cluster; scripts get the base and derive the rest from it.
 */

/** The base of a queue's keys; deployments that share one Redis differ by their prefix. */
export function queueBase(prefix: string, queue: string): string {
  return `${prefix}:{${queue}}`;
}

/** Keys of one queue: the suffix behind its base. Those that end in a colon are families. */
export const QUEUE_KEYS = {
  /** zset: scheduled messages by due time. */
  due: ":due",
  /** zset: scheduled messages that are only delivered with nothing else in flight, by due time. */
  isolated: ":isolated",
  /** zset: lanes (lua/lib/lanes.lua) by the due time of their first message, if no gate is closed. */
  keyQueues: ":lanes",
  /** zset: priorities other than 0 that messages have; their `due` and `lanes` end in `:priority`. */
  priorities: ":priorities",
  /** zset a lane: its messages by due time. */
  keyQueue: ":lane:",
  /** zset: messages in lanes, and those that wait behind their ordering key, by due time. */
  indirect: ":laned",
  /** zset: messages on their way to another queue, by when they set out; no claim looks at them. */
  moving: ":moving",
  /** hash: id -> which arrival here it was, of each message that came from another queue. */
  movedIn: ":foreign",
  /** zset: the same messages by when they were first accepted, which their arrival here does not tell. */
  byAge: ":elders",
  /** hash of a day: message and delivery -> what was decided of its move to here. Expires. */
  arrived: ":arrived:",
  /** zset: closed gates with lanes behind them, by when they are looked at again. */
  limiters: ":gates",
  /** set a gate: the lanes behind it. */
  blocked: ":parked:",
  /** string a token bucket: what is in it, and since when. Expires when it would be full. */
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
  /** zset: messages in flight, by the end of their lease. */
  leases: ":leases",
  /** zset: messages in quarantine, by when they came there. */
  quarantine: ":quarantine",
  /** zset: chunks with scheduled messages that have a time to live, by the first end or earlier. */
  expiry: ":expiry",
  /** hash a chunk of 128 messages: id -> packed state (lua/lib/state.lua). */
  states: ":states:",
  /** hash a chunk: id -> envelope (dlq.storage.v1.Envelope), never changed. */
  bodies: ":bodies:",
  /** hash a chunk: id -> the failures after the first, length-prefixed. */
  failures: ":failures:",
  /** hash a chunk: id -> what edits have made of the message (dlq.storage.v1.Edits), if any have. */
  edits: ":edits:",
  /** zset: numbers of the chunks that hold messages. */
  chunks: ":chunks",
  /**
   * hash: totals, `messages`, `bytes`, and cells `c:state:reason:qreason`. While the queue is deleted:
   * `deleting` (the last arrival that goes with it) and `deleting_total` (how many messages do).
   */
  counters: ":counters",
  /** hash: smoothed rates, packed with the instant of their last change. */
  rates: ":rates",
  /**
   * hash: `tended` (last tick while leases were out), `resumed` (the first one after an outage), and
   * `laned`, once there was anything of what lua/lib/lanes.lua keeps; `gated_by`, the rules that gates were
   * closed by; `deleting`, while the queue is; `moves`, once a message has set out to another queue.
   */
  meta: ":meta",
  /** string: arrivals so far; part of each id. */
  sequence: ":sequence",
  /** hash a session: id -> bytes of each lease it holds, negative when isolated. */
  session: ":session:",
  /** hash: session -> node, max_in_flight and worker of each stream that is open on the queue. */
  workers: ":workers",
  /** string a process: number of its last claim that was given back. Expires. */
  fences: ":fences:",
  /** hash of 5 minutes: request -> the answer it got. Expires. */
  answers: ":answers:",
  /**
   * hash of a day: client, behind it the queue asked for if that is another one -> the numbers of its sends
   * that were taken (lua/send/numbers.lua). Expires.
   */
  numbers: ":numbers:",
  /** string a dedup key: id and payload hash. Expires with the dedup window. */
  dedup: ":dedup:",
  /** hash a part of all sources (lua/lib/sources.lua): source -> sends, and when the first one was. Expires. */
  sources: ":sources:",
  /** stream: every transition (lua/lib/journal.lua), bounded. */
  journal: ":journal",
} as const;

/** Keys of the deployment, in other slots than the queues: they may lag behind. */
export const globalKeys = (prefix: string) => ({
  /** set: names of all queues. Written before a queue's first message. */
  queues: `${prefix}:queues`,
  /** string: version of the layout; `1>2` while an upgrade runs. */
  version: `${prefix}:version`,
  /** string: the layout that a server upgrades to, and its node. Expires. */
  upgrade: `${prefix}:upgrade`,
  /** zset: node -> its last sign of life. */
  nodes: `${prefix}:nodes`,
  /** string a node: the last write of which it asked whether replicas have it. Expires. */
  mark: (nodeId: string) => `${prefix}:mark:${nodeId}`,
  /** string a session: the queues of its stream, to find its leases from any node. Expires. */
  session: (sessionId: string) => `${prefix}:session:${sessionId}`,
  /**
   * hash: queue -> what was set of it while servers ran (dlq.storage.v1.QueueRecord). The field
   * without a name changes with every other one: who knows it knows them all.
   */
  configs: `${prefix}:configs`,
  /** hash: as `configs`, of the deployment as a whole: `rules` (dlq.v1.RuleSet). */
  deployment: `${prefix}:deployment`,
  /** channel: a queue's name when its settings have changed, or the name of one of the deployment's. */
  config: `${prefix}:config`,
  /** channel: a queue's name when something there is due before all else. */
  wake: `${prefix}:wake`,
  /** channel: a session's id when one of its leases ended on another node. */
  credit: `${prefix}:credit`,
  /** channel: a session's id and a node's when a stream takes the session over. */
  takeover: `${prefix}:takeover`,
  /** channel: nobody listens; a try whether this user may publish at all. */
  probe: `${prefix}:probe`,
});
