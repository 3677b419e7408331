import type { Redis } from "ioredis";
import type { QueueDump } from "./store-dump.ts";

/** What lua/lib/lanes.lua and ordering.lua keep of a queue, decoded. */
export interface LaneDump {
  /** Lane -> id -> due time. */
  members: Map<string, Map<string, number>>;
  /** Lane -> the due time of its first message, among what claims look at. */
  entries: Map<string, number>;
  /** Priority -> id -> due time: messages of no lane. */
  prioritized: Map<number, Map<string, number>>;
  priorities: number[];
  /** Gate -> lanes that wait behind it. */
  parked: Map<string, string[]>;
  limiters: Map<string, number>;
  /** Key -> messages in flight. */
  keyed: Map<string, number>;
  /** Ordering key -> whose turn it is. */
  turns: Map<string, string>;
  /** Ordering key -> its messages, in order. */
  orders: Map<string, string[]>;
  holds: Map<string, number>;
}

export interface Lane {
  retries: boolean;
  priority: number;
  key: string;
}

/** A lane's name, in hex, as lua/lib/lanes.lua makes it. */
export function readLane(name: string): Lane {
  const bytes = Buffer.from(name, "hex");
  const length = bytes.readUInt8(6);
  return {
    retries: bytes.readUInt8(4) === 1,
    priority: bytes.readInt8(5),
    key: bytes.subarray(7, 7 + length).toString(),
  };
}

export async function dumpLanes(redis: Redis, base: string): Promise<LaneDump> {
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
    parked: textKeys(
      await family("parked", async (key) =>
        ((await redis.callBuffer("SMEMBERS", key)) as Buffer[]).map((name) => name.toString("hex")),
      ),
    ),
    limiters: text(await zset(`${base}:gates`)),
    keyed: text(flatMap(keyed, String, Number)),
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

/** What contradicts itself among lanes, limiters and orders, in words. */
export function brokenLanes(dump: QueueDump): string[] {
  const broken: string[] = [];
  const check = (holds: boolean, words: string) => {
    if (!holds) broken.push(words);
  };
  const { lanes, messages } = dump;
  const lanesOf = new Map<string, string[]>();
  for (const [lane, ids] of lanes.members) {
    for (const id of ids.keys()) lanesOf.set(id, [...(lanesOf.get(id) ?? []), lane]);
  }
  const inFlight = new Map<string, number>();
  for (const [id, m] of messages) {
    const name = `message ${m.arrival}`;
    const scheduled = m.state === "SCHEDULED" && !m.waiting && !m.isolated && !m.moving;
    const laned = scheduled && (m.budgeted || m.limiterKey !== "");
    const own = lanesOf.get(id) ?? [];
    check(own.length === (laned ? 1 : 0), `${name} is in ${own.length} lanes`);
    for (const lane of own) {
      const { key, priority, retries } = readLane(lane);
      const fits = key === m.limiterKey && priority === m.priority && retries === m.budgeted;
      check(fits, `${name} is in a foreign lane`);
      check(lanes.members.get(lane)?.get(id) === m.dueAtMs, `${name}: another time in its lane`);
    }
    const prioritized = scheduled && !laned && m.priority !== 0;
    check(
      (lanes.prioritized.get(m.priority)?.get(id) === m.dueAtMs) === prioritized,
      `${name}: among those of priority ${m.priority}`,
    );
    if (prioritized) check(lanes.priorities.includes(m.priority), `${name}: priority not listed`);
    if (m.state === "IN_FLIGHT" && m.limiterKey !== "") {
      inFlight.set(m.limiterKey, (inFlight.get(m.limiterKey) ?? 0) + 1);
    }
    if (m.waiting) check(m.state === "SCHEDULED" && m.orderingKey !== "", `${name} waits`);
  }
  check(sameMap(lanes.keyed, inFlight), `in flight by key: ${[...lanes.keyed]}`);
  for (const [lane, ids] of lanes.members) brokenLane(lanes, lane, ids, check);
  for (const lane of lanes.entries.keys()) {
    check(lanes.members.has(lane), `the entry of an empty lane: ${readLane(lane).key}`);
  }
  brokenOrders(dump, check);
  return broken;
}

type Check = (holds: boolean, words: string) => void;

function brokenLane(lanes: LaneDump, lane: string, ids: Map<string, number>, check: Check): void {
  const name = `lane ${JSON.stringify(readLane(lane))}`;
  const parked = [...lanes.parked].filter(([, names]) => names.includes(lane));
  const head = Math.min(...ids.values());
  if (parked.length === 0) {
    check(lanes.entries.get(lane) === head, `${name}: entry ${lanes.entries.get(lane)}, ${head}`);
    return;
  }
  check(!lanes.entries.has(lane), `${name} is parked, and among what claims look at`);
  for (const [limiter] of parked)
    check(lanes.limiters.has(limiter), `${name}: limiter ${limiter} never opens`);
}

function brokenOrders({ lanes, messages }: QueueDump, check: Check): void {
  const live = new Map<string, string[]>();
  for (const [id, m] of messages) {
    if (m.orderingKey === "" || m.state === "QUARANTINED" || m.moving) continue;
    live.set(m.orderingKey, [...(live.get(m.orderingKey) ?? []), id]);
  }
  for (const [order, ids] of live) {
    const turn = lanes.turns.get(order);
    for (const id of ids) {
      check(messages.get(id)?.waiting === (id !== turn), `order ${order}: who waits`);
      check(lanes.orders.get(order)?.includes(id) === true, `order ${order}: one is missing`);
    }
  }
  for (const [order, turn] of lanes.turns) {
    const holder = messages.get(turn);
    check(holder?.orderingKey === order, `order ${order}: the turn of nobody`);
    check(
      (holder?.state === "QUARANTINED") === lanes.holds.has(order),
      `order ${order}: held without a message in quarantine, or the other way round`,
    );
    const [first] = lanes.orders.get(order) ?? [];
    const ahead = first !== turn && holder?.state !== "IN_FLIGHT";
    check(!ahead, `order ${order}: not the first one's turn`);
  }
}

function sameMap(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
}
