import type { Redis } from "ioredis";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { OutboxPosition } from "../../../src/store/contract/outbox.ts";
import { partitionKeys } from "../../../src/store/redis/keys.ts";
import type { StreamEntry } from "../../../src/store/redis/outbox-entries.ts";
import { OutboxReads } from "../../../src/store/redis/outbox-reads.ts";
import { OutboxTail } from "../../../src/store/redis/outbox-tail.ts";
import { PARTITIONS, partitionOf } from "../../../src/store/redis/partitions.ts";
import { createRedis } from "../../../src/store/redis/redis-client.ts";
import { until, useTestStore } from "../../support/store.ts";
import { item, SETTINGS } from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";
const PARTITION = partitionOf(QUEUE);
const QUIET = (PARTITION + 1) % PARTITIONS;
const ALL = Array.from({ length: PARTITIONS }, (_, partition) => partition);

/** A call for new changes. */
interface Wait {
  readonly most: number;
  readonly sentAtMs: number;
  /** When the reply came, and how many entries each partition has in it. Undefined: it still waits. */
  reply?: { readonly atMs: number; readonly entries: readonly number[] };
}

let tail: OutboxTail;
let reads: OutboxReads;
let waits: Wait[];
let errors: Error[];
let notified: number[];

beforeEach(() => {
  const { redis, prefix, server } = at.current;
  [waits, errors, notified] = [[], [], []];
  reads = new OutboxReads((work) => work(redis), prefix);
  tail = new OutboxTail({
    connect: () =>
      recorded(createRedis({ kind: "socket", path: server.socketPath }, "tail", 2_000)),
    ...{ reads, prefix, timeoutMs: 2_000 },
    onError: (error) => errors.push(error),
  });
});
afterEach(() => tail.close());

function recorded(redis: Redis): Redis {
  const call = redis.callBuffer.bind(redis) as (name: string, args: unknown[]) => Promise<unknown>;
  const callBuffer = async (name: string, args: unknown[]) => {
    const wait: Wait = { most: args[1] as number, sentAtMs: performance.now() };
    waits.push(wait);
    const reply = (await call(name, args)) as [Buffer, StreamEntry[]][] | null;
    const entries = (reply ?? []).map(([, found]) => found.length);
    wait.reply = { atMs: performance.now(), entries };
    return reply;
  };
  return Object.assign(redis, { callBuffer });
}

/** Follows partitions until the tail waits for their changes. */
async function follow(partitions: readonly number[]): Promise<void> {
  tail.follow(partitions, (partition) => notified.push(partition));
  await until("the ends", () => partitions.every((one) => tail.endOf(one)) || undefined);
  const { length } = waits;
  await until("the next call", () => waits.length > length || undefined);
}

const outboxOf = (partition: number) => partitionKeys(at.current.prefix, partition).outbox;
const damage = (partition: number) => at.current.redis.set(outboxOf(partition), "text");
const send = (count = 1) =>
  at.current.store.send(
    QUEUE,
    Array.from({ length: count }, () => item()),
    SETTINGS,
  );

/** Writes entries like the last one of the queue to partitions at once, so that no reply comes in between. */
async function writeAtOnce(partitions: readonly number[], count: number): Promise<void> {
  const script = `
for _, key in ipairs(KEYS) do
  for n = 1, ARGV[2] do redis.call('XADD', key, string.format('%d-1', 1e9 + n * 1e4), 'd', ARGV[1]) end
end`;
  const { redis } = at.current;
  const [last] = (await redis.callBuffer(
    ...(["XREVRANGE", outboxOf(PARTITION), "+", "-", "COUNT", 1] as const),
  )) as StreamEntry[];
  const keys = partitions.map(outboxOf);
  await redis.eval(script, keys.length, ...keys, last?.[1][1] as Buffer, count);
}
const untilRead = (partitions: readonly number[], count: number) =>
  until("all entries", () => {
    const last = `${1e9 + count * 1e4}-1`;
    return partitions.every((one) => tail.endOf(one)?.entryId === last) || undefined;
  });
const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);

test("an outbox of a wrong type holds up no other partition, and is reported once", async () => {
  await follow(ALL);
  await damage(QUIET);
  notified = [];
  for (let n = 1; n <= 3; n++) {
    await send();
    await until("the change", () => tail.endOf(PARTITION)?.next === n || undefined);
  }
  expect(notified).toContain(PARTITION);
  expect(errors.map(({ message }) => message)).toEqual([expect.stringContaining(outboxOf(QUIET))]);
  expect(errors[0]?.message).toContain("WRONGTYPE");
  expect(tail.endOf(QUIET)).toBeUndefined();
});

test("so does one that was damaged before it was followed, alone or with others", async () => {
  await damage(QUIET);
  tail.follow([QUIET], () => {});
  await until("the report", () => errors.length > 0 || undefined);
  tail.follow([PARTITION], (partition) => notified.push(partition));
  await until("the end", () => tail.endOf(PARTITION));
  await send();
  await until("the change", () => tail.endOf(PARTITION)?.next === 1 || undefined);
  expect(errors).toHaveLength(1);
});

test("an outbox that is whole again is followed again", async () => {
  await damage(QUIET);
  tail.follow(ALL, (partition) => notified.push(partition));
  await until("the report", () => errors.length > 0 || undefined);
  expect(notified).not.toContain(QUIET);
  await at.current.redis.del(outboxOf(QUIET));
  await until("the next look", () => notified.includes(QUIET) || undefined);
  await damage(QUIET);
  await until("another report", () => errors.length > 1 || undefined);
});

test("an end of a wrong type holds up nothing", async () => {
  await at.current.redis.hset(partitionKeys(at.current.prefix, QUIET).outboxEnd, "field", "value");
  await follow(ALL);
  expect(errors).toEqual([]);
});

test("an outbox of a wrong type has nothing to read, and ends where its next change will be", async () => {
  await send();
  const [before] = await reads.ends([PARTITION]);
  await damage(PARTITION);
  const [end] = await reads.ends([PARTITION, QUIET]);
  expect(end?.next).toBe(before?.next);
  const read = async (from?: OutboxPosition) => (await reads.read(new Map([[PARTITION, from]])))[0];
  expect((await read())?.items).toEqual([]);
  expect((await read(before))?.items).toEqual([]);
  await send();
  expect((await read(end))?.items).toMatchObject([{ number: 1 }]);
  expect((await read(before))?.items).toMatchObject([{ number: 1 }]);
});

test.each([1, 64])(
  "a reply after a quiet time has at most 2,048 entries, of %i changes",
  async (changes) => {
    await send(changes);
    await follow(ALL);
    await writeAtOnce(ALL, 100);
    await untilRead(ALL, 100);
    const sizes = waits.flatMap(({ reply }) => (reply ? [sum(reply.entries)] : []));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2_048);
    expect(ALL.map((one) => tail.endOf(one))).toEqual(await reads.ends(ALL));
  },
);

test("pages of a busy partition grow while they are full, and follow at once", async () => {
  await send();
  await follow(ALL);
  await writeAtOnce([PARTITION], 2_050);
  await untilRead([PARTITION], 2_050);
  await until("the call after that", () => waits.at(-1)?.reply === undefined || undefined);
  const busy = waits.filter(({ reply }) => (reply?.entries.length ?? 0) > 0);
  expect(busy.slice(0, 3).map(({ most }) => most)).toEqual([8, 8, 100]);
  // A stall of this process makes one or two small.
  expect(busy.length).toBeLessThan(40);
  expect(waits[waits.indexOf(busy.at(-1) as Wait) + 1]?.most).toBe(8);
  const pauses = busy.slice(1).map(({ sentAtMs }, n) => sentAtMs - (busy[n]?.reply?.atMs ?? 0));
  expect(Math.min(...pauses)).toBeLessThan(10);
});

/** Counts the turns of the event loop in which readers of all partitions, each of which takes 1 ms, are notified. */
async function turnsOf(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  const notifiedIn: number[] = [];
  let isOver = false;
  const other = () => {
    turns++;
    if (!isOver) setImmediate(other);
  };
  setImmediate(other);
  tail.follow(ALL, () => {
    const untilMs = performance.now() + 1;
    while (performance.now() < untilMs);
    notifiedIn.push(turns);
  });
  await work();
  await until("all readers", () => notifiedIn.length >= ALL.length || undefined);
  isOver = true;
  return new Set(notifiedIn).size;
}

test("other work runs while many readers learn of the ends", async () => {
  expect(await turnsOf(() => tail.findEnds(ALL))).toBeGreaterThan(10);
});

test("other work runs while many readers learn of changes", async () => {
  await send();
  await follow(ALL);
  expect(await turnsOf(() => writeAtOnce(ALL, 1))).toBeGreaterThan(10);
});

test("what is remembered comes in pages of at most 1,000 changes", async () => {
  await follow([PARTITION]);
  let position = tail.endOf(PARTITION) as OutboxPosition;
  for (let n = 0; n < 20; n++) await send(64);
  await until("the changes", () => tail.endOf(PARTITION)?.next === 1_280 || undefined);
  const sizes: number[] = [];
  for (let hasMore = true; hasMore; ) {
    const page = tail.after(PARTITION, position);
    sizes.push(page?.items.length ?? 0);
    position = page?.position ?? position;
    hasMore = page?.hasMore === true;
  }
  expect(sizes).toEqual([960, 320]);
  expect(position).toEqual(tail.endOf(PARTITION));
});

test.each([
  ["one follower: what it has read is gone", 1, undefined],
  ["two followers: the other still gets it from memory", 2, 2],
])("%s", async (_, followers, changes) => {
  for (let n = 0; n < followers; n++) await follow([PARTITION]);
  const start = tail.endOf(PARTITION) as OutboxPosition;
  await send();
  const middle = await until("a change", () => tail.after(PARTITION, start)?.position);
  await send();
  await until("the next change", () => tail.after(PARTITION, middle));
  expect(tail.after(PARTITION, start)?.items.length).toBe(changes);
});

test("what is older than a minute is read again", async () => {
  await follow([PARTITION]);
  const start = tail.endOf(PARTITION) as OutboxPosition;
  await at.current.store.send(QUEUE, [item()], SETTINGS);
  await until("the change", () => tail.after(PARTITION, start));
  const later = performance.now() + 61_000;
  const clock = vi.spyOn(performance, "now").mockReturnValue(later);
  try {
    expect(tail.after(PARTITION, start)).toBeUndefined();
  } finally {
    clock.mockRestore();
  }
});
