import { expect, test } from "vitest";
import { partitionKeys } from "../../../src/store/redis/keys.ts";
import { partitionOf } from "../../../src/store/redis/partitions.ts";
import { rankOf } from "../../../src/store/redis/wake-ups.ts";
import { until, useTestStore } from "../../support/store.ts";
import { item, NO_REQUEST, outcome, SETTINGS, session } from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";
const MINUTE_MS = 60_000;

const inMs = async () => (await at.current.store.wakeUps.claimable([QUEUE])).get(QUEUE);

test("a queue is claimable when its first message is due", async () => {
  const { store, clock } = at.current;
  expect(await inMs()).toBeUndefined();
  await store.send(QUEUE, [item({ delayMs: 5_000 })], SETTINGS);
  expect(await inMs()).toBe(5_000);
  await store.send(QUEUE, [item({ delayMs: 9_000 })], SETTINGS);
  expect(await inMs()).toBe(5_000);
  await clock.advance(2_000);
  expect(await inMs()).toBe(3_000);
  await store.send(QUEUE, [item()], SETTINGS);
  expect(await inMs()).toBe(0);
});

test("a tick writes when the rest is due", async () => {
  const { store } = at.current;
  await store.send(QUEUE, [item(), item({ delayMs: 5_000 })], SETTINGS);
  await at.current.tick(QUEUE, [session(1)]);
  expect(await inMs()).toBe(5_000);
});

test("queues without messages for claims are not claimable", async () => {
  const { store } = at.current;
  await store.send(QUEUE, [item()], SETTINGS);
  const { claimed } = await at.current.tick(QUEUE, [session(1)]);
  expect(await inMs()).toBeUndefined();
  await store.settle(
    QUEUE,
    NO_REQUEST,
    claimed.map((one) => outcome(one, "quarantine")),
  );
  expect(await inMs()).toBeUndefined();
});

test("a queue is overdue when a lease ends, and then only until a tick", async () => {
  const { store, clock } = at.current;
  await store.send(QUEUE, [item()], SETTINGS);
  await at.current.tick(QUEUE, [session(1, { leaseMs: MINUTE_MS })]);
  expect(await store.wakeUps.overdue()).toEqual({ queues: [], nextMs: MINUTE_MS + 100 });
  await clock.advance(MINUTE_MS + 99);
  expect((await store.wakeUps.overdue()).queues).toEqual([]);
  await clock.advance(1);
  expect((await store.wakeUps.overdue()).queues).toEqual([QUEUE]);
  await at.current.tick(QUEUE);
  expect(await store.wakeUps.overdue()).toEqual({ queues: [], nextMs: Number.POSITIVE_INFINITY });
});

test("each server waits for those before it in the order of the partition", async () => {
  const { store, clock } = at.current;
  const other = at.current.openStore();
  await until("the connection", () => other.ready || undefined);
  const queues = Array.from({ length: 40 }, (_, n) => `queue-${n}`);
  await Promise.all(queues.map((queue) => store.send(queue, [item({ ttlMs: 1_000 })], SETTINGS)));
  await Promise.all([store.signOfLife(), other.signOfLife()]);
  await clock.advance(1_100);
  const [own, others] = [
    (await store.wakeUps.overdue()).queues,
    (await other.wakeUps.overdue()).queues,
  ];
  expect([...own, ...others].toSorted()).toEqual(queues.toSorted());
  expect(own.length).toBeGreaterThan(0);
  expect(others.length).toBeGreaterThan(0);
  expect(own.some((queue) => others.map(partitionOf).includes(partitionOf(queue)))).toBe(false);
  await clock.advance(1_000);
  expect((await store.wakeUps.overdue()).queues.toSorted()).toEqual(queues.toSorted());
});

test("a server that ends changes the order of no others, and the first places are shared", () => {
  const servers = ["a", "b", "c", "d"];
  const orderOf = (some: readonly string[], partition: number) =>
    some.toSorted((one, other) => {
      const rank = (name: string) =>
        rankOf(
          name,
          some.filter((each) => each !== name),
          partition,
        );
      return rank(one) - rank(other);
    });
  const partitions = Array.from({ length: 256 }, (_, partition) => partition);
  const firsts = new Map(servers.map((name) => [name, 0]));
  for (const partition of partitions) {
    const order = orderOf(servers, partition);
    const [first = ""] = order;
    firsts.set(first, (firsts.get(first) ?? 0) + 1);
    for (const ended of servers) {
      const rest = servers.filter((name) => name !== ended);
      expect(orderOf(rest, partition)).toEqual(order.filter((name) => name !== ended));
    }
  }
  expect(Math.min(...firsts.values())).toBeGreaterThan(256 / 8);
});

test("a queue whose tick fails is overdue again after a while", async () => {
  const { store, clock } = at.current;
  await store.send(QUEUE, [item({ ttlMs: 1_000 })], SETTINGS);
  await clock.advance(2_000);
  await store.wakeUps.postpone(QUEUE, 30_000);
  expect((await store.wakeUps.overdue()).queues).toEqual([]);
  await clock.advance(30_100);
  expect((await store.wakeUps.overdue()).queues).toEqual([QUEUE]);
  await at.current.tick(QUEUE);
});

test("after the clock has stepped back every queue with leases is overdue", async () => {
  const { store, clock } = at.current;
  const queues = ["a", "b", "c"];
  for (const queue of queues) {
    await store.send(queue, [item()], SETTINGS);
    await at.current.tick(queue, [session(1, { leaseMs: MINUTE_MS })]);
  }
  await clock.advance(-10 * MINUTE_MS);
  expect((await store.wakeUps.overdue()).queues.toSorted()).toEqual(queues);
});

test("thousands of queues are found in one look", async () => {
  const { store, redis, prefix } = at.current;
  const queues = Array.from({ length: 5_000 }, (_, n) => `queue-${n}`);
  const writing = redis.pipeline();
  for (const queue of queues) {
    const { ready, tend } = partitionKeys(prefix, partitionOf(queue));
    writing.zadd(ready, 0, queue).zadd(tend, 0, queue);
  }
  await writing.exec();
  expect((await store.wakeUps.overdue()).queues.toSorted()).toEqual(queues.toSorted());
  expect(await store.wakeUps.claimable(queues)).toEqual(new Map(queues.map((name) => [name, 0])));
});
