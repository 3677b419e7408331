import type { Redis } from "ioredis";
import type { QueueDump } from "./store-dump.ts";

/** The data of lua/lib/key_queues.lua and ordering.lua, decoded. */
export interface KeyQueueDump {
  /** Key queue -> id -> due time. */
  members: Map<string, Map<string, number>>;
  /** Key queue -> the due time of its first message, among what claims look at. */
  entries: Map<string, number>;
  /** Priority -> id -> due time: messages of no key queue. */
  prioritized: Map<number, Map<string, number>>;
  priorities: number[];
  /** Limiter -> key queues that it blocks. */
  blocked: Map<string, string[]>;
  limiters: Map<string, number>;
  /** Key -> messages in flight. */
  inFlightByKey: Map<string, number>;
  /** Ordering key -> whose turn it is. */
  turns: Map<string, string>;
  /** Ordering key -> its messages, in order. */
  orders: Map<string, string[]>;
  holds: Map<string, number>;
}

export interface KeyQueue {
  retries: boolean;
  priority: number;
  key: string;
}

/** Reads the name of a key queue, in hex, as lua/lib/key_queues.lua makes it. */
export function readKeyQueue(name: string): KeyQueue {
  const bytes = Buffer.from(name, "hex");
  const length = bytes.readUInt8(6);
  return {
    retries: bytes.readUInt8(4) === 1,
    priority: bytes.readInt8(5),
    key: bytes.subarray(7, 7 + length).toString(),
  };
}

export async function dumpKeyQueues(redis: Redis, base: string): Promise<KeyQueueDump> {
  const family = async <T>(name: string, read: (key: Buffer) => Promise<T>) => {
    const found = new Map<string, T>();
    const start = Buffer.byteLength(`${base}:${name}:`);
    for (const key of (await redis.callBuffer("KEYS", `${base}:${name}:*`)) as Buffer[]) {
      found.set(key.subarray(start).toString("hex"), await read(key));
    }
    return found;
  };
  const zset = async (key: Buffer | string) => {
    const flat = (await redis.callBuffer("ZRANGE", key, "0", "-1", "WITHSCORES")) as Buffer[];
    return flatMap(flat, String, (score) => (score === "inf" ? Infinity : Number(score)));
  };
  const text = (map: Map<string, number>) =>
    new Map([...map].map(([hex, value]) => [Buffer.from(hex, "hex").toString(), value]));
  const textKeys = <T>(map: Map<string, T>) =>
    new Map([...map].map(([hex, value]) => [Buffer.from(hex, "hex").toString(), value]));

  const byPriority = await family("due", zset);
  const entriesByPriority = await family("lanes", zset);
  const turns = (await redis.callBuffer("HGETALL", `${base}:turns`)) as Buffer[];
  const keyed = (await redis.callBuffer("HGETALL", `${base}:keyed`)) as Buffer[];
  return {
    members: await family("lane", zset),
    entries: new Map([
      ...(await zset(`${base}:lanes`)),
      ...[...entriesByPriority.values()].flatMap((entries) => [...entries]),
    ]),
    prioritized: new Map([...textKeys(byPriority)].map(([p, ids]) => [Number(p), ids])),
    priorities: [...text(await zset(`${base}:priorities`)).keys()].map(Number),
    blocked: textKeys(
      await family("parked", async (key) =>
        ((await redis.callBuffer("SMEMBERS", key)) as Buffer[]).map((name) => name.toString("hex")),
      ),
    ),
    limiters: text(await zset(`${base}:gates`)),
    inFlightByKey: text(flatMap(keyed, String, Number)),
    turns: new Map(
      Array.from({ length: turns.length / 2 }, (_, at) => [
        String(turns[2 * at]),
        (turns[2 * at + 1] as Buffer).toString("hex"),
      ]),
    ),
    orders: textKeys(await family("order", async (key) => [...(await zset(key)).keys()])),
    holds: text(await zset(`${base}:holds`)),
  };
}

function flatMap(
  flat: readonly Buffer[],
  textOf: (value: Buffer) => string,
  numberOf: (text: string) => number,
): Map<string, number> {
  const found = new Map<string, number>();
  for (let at = 0; at + 1 < flat.length; at += 2) {
    found.set((flat[at] as Buffer).toString("hex"), numberOf(textOf(flat[at + 1] as Buffer)));
  }
  return found;
}

/** Returns the contradictions among key queues, limiters and orders, as text. */
export function brokenKeyQueues(dump: QueueDump): string[] {
  const broken: string[] = [];
  const check = (holds: boolean, words: string) => {
    if (!holds) broken.push(words);
  };
  const { keyQueues, messages } = dump;
  const keyQueuesOf = new Map<string, string[]>();
  for (const [keyQueue, ids] of keyQueues.members) {
    for (const id of ids.keys()) keyQueuesOf.set(id, [...(keyQueuesOf.get(id) ?? []), keyQueue]);
  }
  const inFlight = new Map<string, number>();
  for (const [id, m] of messages) {
    const name = `message ${m.arrival}`;
    const scheduled = m.state === "SCHEDULED" && !m.waiting && !m.isolated && !m.moving;
    const inKeyQueue = scheduled && (m.budgeted || m.limiterKey !== "");
    const own = keyQueuesOf.get(id) ?? [];
    check(own.length === (inKeyQueue ? 1 : 0), `${name} is in ${own.length} key queues`);
    for (const keyQueue of own) {
      const { key, priority, retries } = readKeyQueue(keyQueue);
      const fits = key === m.limiterKey && priority === m.priority && retries === m.budgeted;
      check(fits, `${name} is in a wrong key queue`);
      check(
        keyQueues.members.get(keyQueue)?.get(id) === m.dueAtMs,
        `${name}: another time in its key queue`,
      );
    }
    const prioritized = scheduled && !inKeyQueue && m.priority !== 0;
    check(
      (keyQueues.prioritized.get(m.priority)?.get(id) === m.dueAtMs) === prioritized,
      `${name}: among those of priority ${m.priority}`,
    );
    if (prioritized)
      check(keyQueues.priorities.includes(m.priority), `${name}: priority not listed`);
    if (m.state === "IN_FLIGHT" && m.limiterKey !== "") {
      inFlight.set(m.limiterKey, (inFlight.get(m.limiterKey) ?? 0) + 1);
    }
    if (m.waiting) check(m.state === "SCHEDULED" && m.orderingKey !== "", `${name} waits`);
  }
  check(
    sameMap(keyQueues.inFlightByKey, inFlight),
    `in flight by key: ${[...keyQueues.inFlightByKey]}`,
  );
  for (const [keyQueue, ids] of keyQueues.members) brokenKeyQueue(keyQueues, keyQueue, ids, check);
  for (const keyQueue of keyQueues.entries.keys()) {
    check(
      keyQueues.members.has(keyQueue),
      `the entry of an empty key queue: ${readKeyQueue(keyQueue).key}`,
    );
  }
  brokenOrders(dump, check);
  return broken;
}

type Check = (holds: boolean, words: string) => void;

function brokenKeyQueue(
  keyQueues: KeyQueueDump,
  keyQueue: string,
  ids: Map<string, number>,
  check: Check,
): void {
  const name = `key queue ${JSON.stringify(readKeyQueue(keyQueue))}`;
  const limiters = [...keyQueues.blocked].filter(([, names]) => names.includes(keyQueue));
  const head = Math.min(...ids.values());
  if (limiters.length === 0) {
    check(
      keyQueues.entries.get(keyQueue) === head,
      `${name}: entry ${keyQueues.entries.get(keyQueue)}, ${head}`,
    );
    return;
  }
  check(!keyQueues.entries.has(keyQueue), `${name} is blocked and still among what claims look at`);
  for (const [limiter] of limiters)
    check(keyQueues.limiters.has(limiter), `${name}: limiter ${limiter} never opens`);
}

function brokenOrders({ keyQueues, messages }: QueueDump, check: Check): void {
  const live = new Map<string, string[]>();
  for (const [id, m] of messages) {
    if (m.orderingKey === "" || m.state === "QUARANTINED" || m.moving) continue;
    live.set(m.orderingKey, [...(live.get(m.orderingKey) ?? []), id]);
  }
  for (const [order, ids] of live) {
    const turn = keyQueues.turns.get(order);
    for (const id of ids) {
      check(messages.get(id)?.waiting === (id !== turn), `order ${order}: wrong messages wait`);
      check(keyQueues.orders.get(order)?.includes(id) === true, `order ${order}: one is missing`);
    }
  }
  for (const [order, turn] of keyQueues.turns) {
    const holder = messages.get(turn);
    check(
      holder?.orderingKey === order,
      `order ${order}: the turn of a message that does not exist`,
    );
    check(
      (holder?.state === "QUARANTINED") === keyQueues.holds.has(order),
      `order ${order}: held without a message in quarantine, or the other way round`,
    );
    const [first] = keyQueues.orders.get(order) ?? [];
    const ahead = first !== turn && holder?.state !== "IN_FLIGHT";
    check(!ahead, `order ${order}: not the first one's turn`);
  }
}

function sameMap(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
}
