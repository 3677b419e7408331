/**
 * The arguments of a script. In Lua they are variables, in snake case: first the numbers, then the strings; `item`
 * repeats behind them. Each argument costs both sides as much as ten bytes or more: small fields of an item go as one
 * packed argument.
 */
export interface ScriptSpec {
  /** `allow-oom`: runs when memory is full. `no-writes`: reads only. */
  flags: "" | "allow-oom" | "no-writes";
  numbers: readonly string[];
  strings: readonly string[];
  item: readonly string[];
}

/** Every script, with its arguments in their order. Callers and Lua both take names and order from here. */
export const SCRIPTS = {
  send: {
    flags: "",
    numbers: [
      "maxMessages",
      "maxBytes",
      "poisonThreshold",
      "poisonWindow",
      "dedupWindow",
      "historyChanged",
      "outboxMaxBytes",
    ],
    strings: ["deliverySettings"],
    item: ["facts", "envelope"],
  },
  tick: {
    flags: "allow-oom",
    numbers: [
      "claimNumber",
      "batch",
      "replyBytes",
      "grace",
      "isolateAt",
      "crashLoopAt",
      "ttlDiscards",
      "livesUntil",
      "livesFrom",
      "retention",
      "paused",
      "pausedUntil",
      "historyChanged",
      "outboxMaxBytes",
    ],
    strings: ["claimer", "deletedRetention", "deliverySettings"],
    item: ["session", "nonce", "count", "bytes", "lease", "canIsolate"],
  },
  postpone: { flags: "allow-oom", numbers: ["by"], strings: [], item: [] },
  // These are of a partition.
  overdue: { flags: "allow-oom", numbers: ["late", "most"], strings: [], item: [] },
  claimable: { flags: "no-writes", numbers: [], strings: [], item: ["queue"] },
  sizes: { flags: "no-writes", numbers: [], strings: [], item: ["queue"] },
  examine: {
    flags: "no-writes",
    numbers: ["withBodies", "replyBytes"],
    strings: ["request"],
    item: ["token"],
  },
  settle: {
    flags: "allow-oom",
    numbers: ["isolateAt", "historyChanged", "outboxMaxBytes"],
    strings: ["request", "retention", "deliverySettings"],
    item: ["facts"],
  },
  route: { flags: "", numbers: [], strings: [], item: ["request", "target"] },
  moving: {
    flags: "no-writes",
    numbers: ["age", "page", "replyBytes"],
    strings: [],
    item: ["id"],
  },
  // Memory that grows here shrinks in the other queue.
  receive: {
    flags: "allow-oom",
    numbers: ["maxMessages", "maxBytes", "refuse", "historyChanged", "outboxMaxBytes"],
    strings: ["from", "deliverySettings"],
    item: ["facts", "state", "envelope", "history", "edits", "eventFields", "group", "timeline"],
  },
  import: {
    flags: "",
    numbers: ["maxMessages", "maxBytes", "dryRun", "historyChanged", "outboxMaxBytes"],
    strings: ["import", "caller", "deliverySettings"],
    item: ["facts", "state", "envelope", "history", "edits", "timeline"],
  },
  moved: {
    flags: "allow-oom",
    numbers: ["historyChanged", "outboxMaxBytes"],
    strings: ["deliverySettings"],
    item: ["facts"],
  },
  leases: { flags: "no-writes", numbers: [], strings: ["session", "cursor"], item: [] },
  extend: {
    flags: "allow-oom",
    numbers: [],
    strings: [],
    item: ["token", "lease"],
  },
  abandon: {
    flags: "allow-oom",
    numbers: ["claimNumber", "historyChanged", "outboxMaxBytes"],
    strings: ["claimer", "deliverySettings"],
    item: ["session", "nonce"],
  },
  retry: {
    flags: "allow-oom",
    numbers: ["expected", "wanted", "started", "historyChanged", "outboxMaxBytes"],
    strings: ["request", "cells", "remains", "caller", "deliverySettings"],
    item: ["item"],
  },
  act: {
    flags: "allow-oom",
    numbers: ["action", "created", "historyChanged", "outboxMaxBytes"],
    strings: [
      "job",
      "before",
      "after",
      "caller",
      "note",
      "target",
      "retention",
      "slice",
      "deliverySettings",
    ],
    item: ["item"],
  },
  find: {
    flags: "no-writes",
    numbers: ["page", "started"],
    strings: ["after", "indexName", "cells"],
    item: [],
  },
  walk: {
    flags: "no-writes",
    numbers: ["page"],
    strings: ["after", "indexName"],
    item: [],
  },
  details: {
    flags: "no-writes",
    numbers: ["replyBytes", "withHistory"],
    strings: [],
    item: ["id"],
  },
  states: {
    flags: "no-writes",
    numbers: ["from", "chunks", "descending"],
    strings: ["after", "states", "reasons", "qreasons", "groupNumbers"],
    item: [],
  },
  blocks: { flags: "no-writes", numbers: [], strings: ["deliverySettings", "id"], item: [] },
  break_lease: {
    flags: "allow-oom",
    numbers: ["historyChanged", "outboxMaxBytes", "delivery"],
    strings: ["id", "note", "caller", "deliverySettings"],
    item: [],
  },
  workers: { flags: "no-writes", numbers: ["most"], strings: [], item: [] },
  contents: { flags: "no-writes", numbers: ["replyBytes"], strings: ["request"], item: ["id"] },
  undelete: {
    flags: "",
    numbers: [
      "maxMessages",
      "maxBytes",
      "toRetry",
      "state",
      "first",
      "last",
      "page",
      "historyChanged",
      "outboxMaxBytes",
    ],
    strings: ["request", "after", "caller", "deliverySettings"],
    item: ["id"],
  },
  list_deleted: {
    flags: "no-writes",
    numbers: ["first", "last", "page"],
    strings: ["states", "after"],
    item: [],
  },
  erase_deleted: { flags: "allow-oom", numbers: ["wanted"], strings: [], item: [] },
  release_order: {
    flags: "allow-oom",
    numbers: ["historyChanged", "outboxMaxBytes"],
    strings: ["order", "deliverySettings"],
    item: [],
  },
  list_breakers: { flags: "no-writes", numbers: ["limit"], strings: [], item: [] },
  reset_breaker: {
    flags: "allow-oom",
    numbers: ["historyChanged", "outboxMaxBytes"],
    strings: ["key", "deliverySettings"],
    item: [],
  },
  // So that a limit can be raised.
  replace_settings: {
    flags: "allow-oom",
    numbers: ["change", "notesEnd", "historyChanged", "outboxMaxBytes"],
    strings: ["seen", "after", "revision"],
    item: [],
  },
  // This one is of the deployment.
  replace_record: {
    flags: "allow-oom",
    numbers: [],
    strings: ["name", "seen", "after", "revision"],
    item: [],
  },
  // These seven are of a partition.
  begin_epoch: { flags: "allow-oom", numbers: [], strings: [], item: [] },
  group_numbers: { flags: "no-writes", numbers: [], strings: [], item: ["prefix"] },
  groups: {
    flags: "no-writes",
    numbers: ["most"],
    strings: ["groupCursor", "countCursor"],
    item: [],
  },
  group_details: {
    flags: "no-writes",
    numbers: ["from", "to", "byHour"],
    strings: [],
    item: ["digest"],
  },
  group_digests: { flags: "no-writes", numbers: [], strings: [], item: ["number"] },
  drop_groups: { flags: "allow-oom", numbers: ["idle"], strings: [], item: ["digest", "group"] },
  set_group: {
    flags: "allow-oom",
    numbers: ["status", "untilTime", "untilCount", "keepLink"],
    strings: ["digest", "note", "link"],
    item: [],
  },
  stats: { flags: "no-writes", numbers: [], strings: [], item: [] },
  seal: { flags: "allow-oom", numbers: ["expected"], strings: [], item: [] },
  purge: {
    flags: "allow-oom",
    numbers: ["chunksACall", "ending", "historyChanged", "outboxMaxBytes"],
    strings: [],
    item: ["group"],
  },
} as const satisfies Record<string, ScriptSpec>;

export type ScriptName = keyof typeof SCRIPTS;
export type ScriptArg = string | number | Uint8Array;

/** Arguments by name; `scriptArgs` puts them into their order. */
export type ScriptHeader<N extends ScriptName> = Record<
  (typeof SCRIPTS)[N]["numbers"][number],
  number
> &
  Record<(typeof SCRIPTS)[N]["strings"][number], string | Uint8Array>;
export type ScriptItem<N extends ScriptName> = Record<
  (typeof SCRIPTS)[N]["item"][number],
  ScriptArg
>;

/** The flat argument list that a script reads. */
export function scriptArgs<N extends ScriptName>(
  name: N,
  header: ScriptHeader<N>,
  items: readonly ScriptItem<N>[],
): ScriptArg[] {
  const spec: ScriptSpec = SCRIPTS[name];
  const head = header as Record<string, ScriptArg>;
  const args: ScriptArg[] = [];
  for (const key of spec.numbers) args.push(head[key] as ScriptArg);
  for (const key of spec.strings) args.push(head[key] as ScriptArg);
  for (const item of items as readonly Record<string, ScriptArg>[]) {
    for (const key of spec.item) args.push(item[key] as ScriptArg);
  }
  return args;
}
