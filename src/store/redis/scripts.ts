import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dropUnused } from "./drop-unused.ts";
import { inlineConstants } from "./inline-constants.ts";
import { QUEUE_KEYS } from "./keys.ts";

/**
 * `numbers` and `strings` become Lua locals in this order; `item` repeats behind them. Each argument
 * costs both sides as much as ten bytes or more: what an item says in small fields goes as one, packed.
 */
interface ScriptSpec {
  /** `allow-oom`: runs when memory is full. `no-writes`: reads only. */
  flags: "" | "allow-oom" | "no-writes";
  numbers: readonly string[];
  strings: readonly string[];
  item: readonly string[];
  /** Parts of its text, in the folder of its name, before the rest. */
  parts?: readonly string[];
}

/** Every script, with its arguments in their only order: callers and Lua both read it from here. */
export const SCRIPTS = {
  send: {
    flags: "",
    numbers: [
      "max_messages",
      "max_bytes",
      "poison_threshold",
      "poison_window",
      "dedup_window",
      "journal_max",
    ],
    strings: ["delivery_rules"],
    item: ["facts", "envelope"],
    parts: ["numbers"],
  },
  tick: {
    flags: "allow-oom",
    numbers: [
      "claim_number",
      "batch",
      "reply_bytes",
      "silence",
      "grace",
      "isolate_at",
      "crash_loop_at",
      "ttl_discards",
      "retention",
      "paused",
      "paused_until",
      "journal_max",
    ],
    strings: ["claimer", "delivery_rules"],
    item: ["session", "nonce", "count", "bytes", "lease", "idle"],
    parts: ["outage", "leases", "lives", "limiters", "candidates", "claims"],
  },
  examine: {
    flags: "no-writes",
    numbers: ["with_bodies", "reply_bytes"],
    strings: ["request"],
    item: ["token"],
  },
  settle: {
    flags: "allow-oom",
    numbers: ["isolate_at", "journal_max"],
    strings: ["request", "delivery_rules"],
    item: ["facts"],
  },
  route: { flags: "", numbers: [], strings: [], item: ["request", "target"] },
  moving: {
    flags: "no-writes",
    numbers: ["age", "page", "reply_bytes"],
    strings: [],
    item: ["id"],
  },
  // It grows here by what it shrinks elsewhere.
  receive: {
    flags: "allow-oom",
    numbers: ["max_messages", "max_bytes", "refuse", "journal_max"],
    strings: ["from", "delivery_rules"],
    item: ["facts", "state", "envelope", "history", "edits"],
  },
  moved: {
    flags: "allow-oom",
    numbers: ["journal_max"],
    strings: ["delivery_rules"],
    item: ["facts"],
  },
  leases: { flags: "no-writes", numbers: [], strings: ["session", "cursor"], item: [] },
  extend: {
    flags: "allow-oom",
    numbers: ["journal_max"],
    strings: [],
    item: ["token", "lease"],
  },
  abandon: {
    flags: "allow-oom",
    numbers: ["claim_number", "journal_max"],
    strings: ["claimer", "delivery_rules"],
    item: ["session", "nonce"],
  },
  retry: {
    flags: "allow-oom",
    numbers: ["expected", "journal_max"],
    strings: ["request", "cells", "delivery_rules"],
    item: ["item"],
  },
  find: {
    flags: "no-writes",
    numbers: ["start", "page"],
    strings: ["place", "cells"],
    item: [],
  },
  walk: { flags: "no-writes", numbers: ["start", "page"], strings: ["place"], item: [] },
  contents: { flags: "no-writes", numbers: ["reply_bytes"], strings: ["request"], item: ["id"] },
  release_order: {
    flags: "allow-oom",
    numbers: ["journal_max"],
    strings: ["order", "delivery_rules"],
    item: [],
  },
  list_breakers: { flags: "no-writes", numbers: ["most"], strings: [], item: [] },
  reset_breaker: {
    flags: "allow-oom",
    numbers: ["journal_max"],
    strings: ["key", "delivery_rules"],
    item: [],
  },
  stats: { flags: "no-writes", numbers: [], strings: [], item: [] },
  seal: { flags: "allow-oom", numbers: ["expected"], strings: [], item: [] },
  purge: {
    flags: "allow-oom",
    numbers: ["chunks_a_call", "ending", "journal_max"],
    strings: [],
    item: [],
  },
} as const satisfies Record<string, ScriptSpec>;

export type ScriptName = keyof typeof SCRIPTS;
export type ScriptArg = string | number | Uint8Array;

/** Arguments by name: the table's order is applied in one place, `scriptArgs`. */
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

export interface LoadedScript {
  readonly name: ScriptName;
  readonly source: string;
  readonly sha: string;
  readonly writes: boolean;
}

/** Where scripts take their time from: the store, or a key that a test sets. */
export type ScriptClock = "store" | "key";

/** What the rest of the library uses everywhere, beside the arguments and keys. */
const COMMON = ["lazy", "reasons", "writes"] as const;

const LIBRARY = [
  "moved_in",
  "state",
  "counters",
  "journal",
  "rules",
  "buckets",
  "breaker",
  "key_queues",
  "waiting",
  "ordering",
  "message",
  "sources",
  "requests",
  "tokens",
  "finish",
] as const;

/** Keys that few calls have a use for: their names are put together where they are needed. */
const RARE_KEYS: ReadonlySet<string> = new Set<keyof typeof QUEUE_KEYS>([
  ...([
    "keyQueues",
    "priorities",
    "keyQueue",
    "limiters",
    "blocked",
    "bucket",
    "breaker",
    "breakers",
  ] as const),
  ...([
    "inFlightByKey",
    "order",
    "turns",
    "holds",
    "fences",
    "failures",
    "sources",
    "answers",
  ] as const),
  ...(["byAge", "numbers"] as const),
]);

/** A name of a key as Lua has it: `movedIn` is `moved_in` there. */
const snakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const camelCase = (name: string) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());

function readLua(path: string): string {
  return readFileSync(new URL(`./lua/${path}.lua`, import.meta.url), "utf8");
}

/** Puts a script together: flags, names of its keys and arguments, the library, its own text. */
export function loadScript(name: ScriptName, clock: ScriptClock = "store"): LoadedScript {
  const spec: ScriptSpec = SCRIPTS[name];
  const text = [
    readLua(clock === "store" ? "lib/time" : "lib/time_from_key"),
    ...COMMON.map((part) => readLua(`lib/${part}`)),
    // Lua looks for the variable of an outer function among all those that are open, the youngest first: for
    // each function that it makes, and each variable of it. Those of one function further out are at hand.
    "return (function()",
    ...LIBRARY.map((part) => readLua(`lib/${part}`)),
    ...(spec.parts ?? []).map((part) => readLua(`${name}/${part}`)),
    readLua(name),
    "end)()",
  ].join("\n");
  const body = text.replace(/\bk_(\w+)/g, (name, key: string) => {
    const own = camelCase(key);
    return RARE_KEYS.has(own) ? `(BASE .. '${QUEUE_KEYS[own as keyof typeof QUEUE_KEYS]}')` : name;
  });
  const lines = [
    spec.flags === "" ? "#!lua" : `#!lua flags=${spec.flags}`,
    "local BASE = KEYS[1]",
    "local PREFIX, QUEUE = string.match(BASE, '^(.*):{(.*)}$')",
  ];
  for (const [key, suffix] of Object.entries(QUEUE_KEYS)) {
    lines.push(`local k_${snakeCase(key)} = BASE .. '${suffix}'`);
  }
  let at = 1;
  for (const arg of spec.numbers) lines.push(`local ${arg} = tonumber(ARGV[${at++}])`);
  for (const arg of spec.strings) lines.push(`local ${arg} = ARGV[${at++}]`);
  if (!spec.strings.includes("delivery_rules")) lines.push("local delivery_rules = ''");
  lines.push(`local FIRST, STRIDE = ${at}, ${Math.max(1, spec.item.length)}`);
  spec.item.forEach((arg, index) => {
    lines.push(`local I_${arg} = ${index}`);
  });
  const [flags, ...locals] = lines;
  const whole = inlineConstants(`${locals.join("\n")}\n${body}`);
  const source = `${flags}\n${dropUnused(whole)}`;
  const sha = createHash("sha1").update(source).digest("hex");
  return { name, source, sha, writes: spec.flags !== "no-writes" };
}
