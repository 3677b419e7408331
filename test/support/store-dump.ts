import type { Redis } from "ioredis";
import { Bodies } from "../../src/store/redis/bodies.ts";
import { queueListKeys } from "../../src/store/redis/keys.ts";
import { type DeletedDump, dumpDeleted } from "./store-deleted.ts";
import { dumpKeyQueues, type KeyQueueDump } from "./store-key-queues.ts";
import { type OutboxChange, readOutbox } from "./store-outbox.ts";
import { type DumpedState, decodeState, sequenceOf } from "./store-state.ts";

export interface DumpedMessage extends DumpedState {
  /** Its arrival: 1 for the first. */
  arrival: number;
  chunk: string;
  envelope: string | undefined;
  /** `dlq.storage.v1.Edits`, one character a byte. */
  edits: string | undefined;
  /** The failures after the first. */
  history: string[];
}

/** The data of a queue in Redis, decoded. Ids, nonces and sessions are hex. */
export interface QueueDump {
  messages: Map<string, DumpedMessage>;
  /** Index -> id -> score. */
  indexes: Record<(typeof INDEXES)[number], Map<string, number>>;
  keyQueues: KeyQueueDump;
  /** Chunk -> when a life in it may end first. */
  chunkEnds: Map<string, number>;
  /** Chunks by kind of key that exists, and the index of them. */
  chunks: { states: string[]; bodies: string[]; failures: string[]; indexed: string[] };
  /** Ids that have a body, edits, failures, a timeline or event fields. */
  bodies: string[];
  edits: string[];
  histories: string[];
  timelines: string[];
  eventFields: string[];
  counters: Record<string, number>;
  /** Session -> ids of the leases it holds. */
  sessions: Record<string, string[]>;
  /** Its state changes, from the outbox of its partition. */
  changes: OutboxChange[];
  /** Id -> its arrival here, of each message that came from another queue. */
  movedIn: Map<string, number>;
  /** The same ids -> when they were first accepted. */
  byAge: Map<string, number>;
  /** The times of the queue in the wake-up indexes; undefined: it is not there. */
  wakeUps: Record<(typeof WAKE_UPS)[number], number | undefined>;
  /** Groups of its partition: number -> digest, and number -> how many messages of the queue it says to have. */
  groups: { digests: Map<number, string>; counts: Map<number, number> };
  /** Messages that ended and can be brought back. */
  deleted: DeletedDump;
  /** When the first chunk with lives is looked at. */
  firstEndMs: number | undefined;
}

/** Names of all queues, in the lists of their partitions. */
export function listedQueues(redis: Redis, prefix: string): Promise<string[]> {
  const lists = queueListKeys(prefix);
  return redis.zunion(lists.length, lists);
}

const WAKE_UPS = ["ready", "isolated", "tend"] as const;

const INDEXES = ["due", "isolated", "laned", "moving", "leases", "quarantine"] as const;

/** `base`: of the queue's keys. */
export async function dumpQueue(redis: Redis, base: string): Promise<QueueDump> {
  const keys = await redis.keys(`${base}:*`);
  const family = (name: string) =>
    keys
      .filter((key) => key.startsWith(`${base}:${name}:`))
      .map((key) => key.split(":").at(-1) ?? "");

  const indexes = Object.fromEntries(
    await Promise.all(INDEXES.map(async (name) => [name, await scores(redis, `${base}:${name}`)])),
  ) as QueueDump["indexes"];

  const bodies = await chunkEntries(redis, base, "bodies", family("bodies"));
  const failures = await chunkEntries(redis, base, "failures", family("failures"));
  const edits = await chunkEntries(redis, base, "edits", family("edits"));
  const timelines = await chunkEntries(redis, base, "timeline", family("timeline"));
  const eventFields = await chunkEntries(redis, base, "events", family("events"));
  const states = await chunkEntries(redis, base, "states", family("states"));
  const movedIn = await arrivals(redis, `${base}:foreign`);
  const messages = new Map<string, DumpedMessage>();
  for (const [id, { chunk, value }] of states) {
    messages.set(id, {
      ...decodeState(value),
      arrival: movedIn.get(id) ?? sequenceOf(Buffer.from(id, "hex")),
      chunk,
      // One character a byte: envelopes of tests are ASCII, or random.
      envelope: inflated(bodies.get(id)?.value)?.toString("latin1"),
      edits: inflated(edits.get(id)?.value)?.toString("latin1"),
      history: decodeHistory(failures.get(id)?.value),
    });
  }

  const sessions: QueueDump["sessions"] = {};
  // The id of a session is binary: split the bytes of the key, not its text.
  for (const key of (await redis.callBuffer("KEYS", `${base}:session:*`)) as Buffer[]) {
    const held = (await redis.callBuffer("HKEYS", key)) as Buffer[];
    sessions[key.subarray(-16).toString("hex")] = held.map((id) => id.toString("hex")).sort();
  }

  const counters = Object.entries(await redis.hgetall(`${base}:counters`));
  const ends = await scores(redis, `${base}:expiry`);
  for (const [chunk, at] of await scores(redis, `${base}:postponed`)) {
    ends.set(chunk, Math.min(at, ends.get(chunk) ?? at));
  }
  return {
    messages,
    indexes,
    keyQueues: await dumpKeyQueues(redis, base),
    chunkEnds: new Map([...ends].map(([name, at]) => [Buffer.from(name, "hex").toString(), at])),
    chunks: {
      states: family("states").sort(),
      bodies: family("bodies").sort(),
      failures: family("failures").sort(),
      indexed: [...(await scores(redis, `${base}:chunks`)).values()].map(String).sort(),
    },
    bodies: [...bodies.keys()].sort(),
    edits: [...edits.keys()].sort(),
    histories: [...failures.keys()].sort(),
    timelines: [...timelines.keys()].sort(),
    eventFields: [...eventFields.keys()].sort(),
    counters: Object.fromEntries(counters.map(([name, value]) => [name, Number(value)])),
    sessions,
    changes: await changesOf(redis, base),
    movedIn,
    byAge: await scores(redis, `${base}:elders`),
    wakeUps: await wakeUps(redis, base),
    groups: await groupsOf(redis, base),
    deleted: await dumpDeleted(redis, base),
    firstEndMs: [...(await scores(redis, `${base}:expiry`)).values()][0],
  };
}

async function wakeUps(redis: Redis, base: string): Promise<QueueDump["wakeUps"]> {
  const at = base.lastIndexOf(":");
  const times = WAKE_UPS.map(async (name) => {
    const score = await redis.zscore(`${base.slice(0, at)}/${name}`, base.slice(at + 1));
    return [name, score === null ? undefined : Number(score)];
  });
  return Object.fromEntries(await Promise.all(times));
}

async function groupsOf(redis: Redis, base: string): Promise<QueueDump["groups"]> {
  const at = base.lastIndexOf(":");
  const [partition, queue] = [base.slice(0, at), base.slice(at + 1)];
  const entriesOf = async (key: string): Promise<[Buffer, Buffer][]> => {
    const flat = (await redis.callBuffer("HGETALL", partition + key)) as Buffer[];
    return flat.flatMap((field, index) =>
      index % 2 === 0 ? [[field, flat[index + 1] as Buffer] as [Buffer, Buffer]] : [],
    );
  };
  const digests = await entriesOf("/group-digests");
  const counts = await entriesOf("/group-counts");
  return {
    digests: new Map(
      digests.map(([number, digest]) => [Number(String(number)), digest.toString("hex")]),
    ),
    counts: new Map(
      counts
        .filter(([field]) => field.toString("utf8", 3) === queue)
        .map(([field, count]) => [field.readUIntBE(0, 3), Number(String(count))]),
    ),
  };
}

async function arrivals(redis: Redis, key: string): Promise<Map<string, number>> {
  const flat = (await redis.callBuffer("HGETALL", key)) as Buffer[];
  const found = new Map<string, number>();
  for (let at = 0; at + 1 < flat.length; at += 2) {
    found.set((flat[at] as Buffer).toString("hex"), Number(String(flat[at + 1])));
  }
  return found;
}

async function scores(redis: Redis, key: string): Promise<Map<string, number>> {
  const flat = (await redis.callBuffer("ZRANGE", key, "0", "-1", "WITHSCORES")) as Buffer[];
  const found = new Map<string, number>();
  for (let at = 0; at + 1 < flat.length; at += 2) {
    found.set((flat[at] as Buffer).toString("hex"), Number(String(flat[at + 1])));
  }
  return found;
}

async function chunkEntries(redis: Redis, base: string, kind: string, chunks: readonly string[]) {
  const found = new Map<string, { chunk: string; value: Buffer }>();
  for (const chunk of chunks) {
    const flat = (await redis.callBuffer("HGETALL", `${base}:${kind}:${chunk}`)) as Buffer[];
    for (let at = 0; at + 1 < flat.length; at += 2) {
      const value = flat[at + 1] as Buffer;
      found.set((flat[at] as Buffer).toString("hex"), { chunk, value });
    }
  }
  return found;
}

/** Added to the length of a failure, if what is known of its attempt follows. */
const WITH_ATTEMPT = 2 ** 31;

function decodeHistory(packed: Buffer | undefined): string[] {
  const failures: string[] = [];
  for (let at = 0; packed !== undefined && at < packed.length; ) {
    const head = packed.readUInt32BE(at);
    const end = at + 4 + (head % WITH_ATTEMPT);
    failures.push(packed.toString("utf8", at + 4, end));
    at = head < WITH_ATTEMPT ? end : end + 2 + packed.readUInt16BE(end);
  }
  return failures;
}

async function changesOf(redis: Redis, base: string): Promise<OutboxChange[]> {
  const at = base.lastIndexOf(":");
  const entries = await readOutbox(redis, base.slice(0, at));
  return entries.flatMap(({ queue, changes }) => (queue === base.slice(at + 1) ? changes : []));
}

/** A body as it was sent; inflates a compressed one. */
function inflated(body: Buffer | undefined): Buffer | undefined {
  return body && Buffer.from(new Bodies(0).unpack(body));
}
