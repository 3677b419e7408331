import type { Redis } from "ioredis";
import { Reader } from "../../src/store/redis/packed/reader.ts";
import type { QueueDump } from "./store-dump.ts";
import { type DumpedState, decodeState } from "./store-state.ts";

/** A deleted message that can be brought back. */
export interface DumpedDeleted {
  /** Number of the state in which it ended. */
  state: number;
  atMs: number;
  bytes: number;
  arrival: number;
  group: string;
  holder: string;
  note: string;
  timeline: number;
  /** Before it ended. */
  before: DumpedState;
}

export interface DeletedDump {
  messages: Map<string, DumpedDeleted>;
  /** State in which they ended -> id -> when. */
  indexes: Map<number, Map<string, number>>;
  /** Whether ticks look for them. */
  isNoted: boolean;
  /** In the partition's list of queues that keep some. */
  firstMs: number | undefined;
}

/** How messages end that can be brought back. */
const STATES = [4, 5, 7];

/** `base`: of the queue's keys. */
export async function dumpDeleted(redis: Redis, base: string): Promise<DeletedDump> {
  const flat = (await redis.callBuffer("HGETALL", `${base}:deleted-facts`)) as Buffer[];
  const messages = new Map<string, DumpedDeleted>();
  for (let at = 0; at + 1 < flat.length; at += 2) {
    messages.set((flat[at] as Buffer).toString("hex"), decode(flat[at + 1] as Buffer));
  }
  const indexes = new Map<number, Map<string, number>>();
  for (const state of STATES) {
    const key = `${base}:deleted:${state}`;
    const entries = (await redis.callBuffer("ZRANGE", key, "0", "-1", "WITHSCORES")) as Buffer[];
    const found = new Map<string, number>();
    for (let at = 0; at + 1 < entries.length; at += 2) {
      found.set((entries[at] as Buffer).toString("hex"), Number(String(entries[at + 1])));
    }
    indexes.set(state, found);
  }
  const split = base.lastIndexOf(":");
  const first = await redis.zscore(`${base.slice(0, split)}/deleted`, base.slice(split + 1));
  return {
    messages,
    indexes,
    isNoted: (await redis.hexists(`${base}:meta`, "deleted")) === 1,
    firstMs: first === null ? undefined : Number(first),
  };
}

function decode(packed: Buffer): DumpedDeleted {
  const reader = new Reader(packed);
  const text = (lengthBytes: number) => Buffer.from(reader.bytes(reader.number(lengthBytes)));
  return {
    state: reader.number(1),
    atMs: reader.number(6),
    bytes: reader.number(6),
    arrival: reader.number(6),
    group: text(1).toString("hex"),
    holder: text(2).toString(),
    note: text(2).toString(),
    timeline: text(2).length,
    before: decodeState(Buffer.from(reader.rest())),
  };
}

const chunkOf = ({ arrival }: DumpedDeleted) => String(Math.floor(arrival / 128));

/** The chunks that have content of deleted messages. */
export const chunksOfDeleted = ({ deleted }: QueueDump): string[] =>
  [...deleted.messages.values()].map(chunkOf);

/** Returns the contradictions in what is kept of deleted messages, as text. */
export function brokenDeleted(dump: QueueDump): string[] {
  const { deleted, bodies, counters, wakeUps } = dump;
  const broken: string[] = [];
  const check = (holds: boolean, words: string) => {
    if (!holds) broken.push(words);
  };
  for (const [id, m] of deleted.messages) {
    const name = `deleted message ${m.arrival}`;
    check(!dump.messages.has(id), `${name} is in the queue`);
    check(bodies.includes(id), `${name} has no body`);
    check(dump.edits.includes(id) === m.before.edited, `${name}: edits`);
    check(dump.histories.includes(id) === m.before.hasHistory, `${name}: history`);
    check(dump.eventFields.includes(id) === m.before.hasEventFields, `${name}: event fields`);
    for (const [state, entries] of deleted.indexes) {
      const score = entries.get(id);
      check(score === (state === m.state ? m.atMs : undefined), `${name}: ${score} in ${state}`);
    }
  }
  for (const entries of deleted.indexes.values()) {
    for (const id of entries.keys()) check(deleted.messages.has(id), `deleted has an orphan ${id}`);
  }
  const all = [...deleted.messages.values()];
  const bytes = all.reduce((sum, one) => sum + one.bytes, 0);
  const counted = counters.deleted_bytes ?? 0;
  check(bytes === counted, `deleted_bytes counts ${counted}, there are ${bytes}`);
  if (all.length > 0) {
    const first = Math.min(...all.map(({ atMs }) => atMs));
    check(deleted.isNoted, "ticks do not look for deleted messages");
    check((deleted.firstMs ?? Number.POSITIVE_INFINITY) <= first, "the partition's list is late");
    // A queue that is deleted takes them with it.
    check(wakeUps.tend !== undefined, "tend lacks a queue with deleted messages");
  }
  return broken;
}
