import { expect, test } from "vitest";
import { partitionKeys, QUEUE_KEYS } from "../../../src/store/redis/keys.ts";
import { partitionOf } from "../../../src/store/redis/partitions.ts";
import { redisCalls } from "../../support/redis-calls.ts";
import { useTestStore } from "../../support/store.ts";
import { item, SETTINGS, session } from "../../support/store-items.ts";

const at = useTestStore();
const names = Array.from({ length: 1_000 }, (_, n) => `tenant-${n}`);

/** Creates queues without messages. */
async function createQueues(): Promise<void> {
  const { redis, prefix } = at.current;
  const adding = redis.pipeline();
  for (const name of names) adding.zadd(partitionKeys(prefix, partitionOf(name)).queues, 0, name);
  await adding.exec();
}

test("queues are listed in order, page by page, and a page reads few names", async () => {
  await createQueues();
  const { store, redis } = at.current;
  const listed: string[] = [];
  for (let after = ""; ; ) {
    const page = await store.queues(after, 300);
    if (page.length === 0) break;
    listed.push(...page);
    after = page.at(-1) ?? "";
  }
  expect(listed).toEqual(names.toSorted());
  expect(await store.queues("tenant-998", 5)).toEqual(["tenant-999"]);
  const reads = await redisCalls(redis, "zrange", () => store.queues("tenant-5", 100));
  expect(reads).toBeGreaterThanOrEqual(store.partitions);
  expect(reads).toBeLessThan(1.5 * store.partitions);
});

test("calls for the same page share its reading, and each sees what was there when it came", async () => {
  const { store, redis, prefix } = at.current;
  const add = (name: string) =>
    redis.zadd(partitionKeys(prefix, partitionOf(name)).queues, 0, name);
  await add("a");
  const reads = await redisCalls(redis, "zrange", async () => {
    const early = Array.from({ length: 500 }, () => store.queues());
    await store.existingOf(["a"]);
    await add("b");
    const late = Array.from({ length: 500 }, () => store.queues());
    for (const names of await Promise.all(late)) expect(names).toEqual(["a", "b"]);
    await Promise.all(early);
  });
  expect(reads).toBeGreaterThanOrEqual(2 * store.partitions);
  expect(reads).toBeLessThanOrEqual(4 * store.partitions);
});

test("each queue is in one partition", async () => {
  await createQueues();
  const { store } = at.current;
  const all = Array.from({ length: store.partitions }, (_, n) => n);
  const lists = await store.queuesIn(all);
  expect(lists.flat().toSorted()).toEqual(names.toSorted());
  expect(await store.queuesIn([200, 3])).toEqual([lists[200], lists[3]]);
});

test("sizes are those of stats", async () => {
  const { store, clock } = at.current;
  const poison = item({ quarantineReason: "POISON" });
  await store.send("a", [item(), item(), item({ delayMs: 60_000 }), poison], SETTINGS);
  await clock.advance(5_000);
  await store.send("a", [item({ orderingKey: "k" }), item({ priority: 3 })], SETTINGS);
  await at.current.tick("a", [session(1, { count: 1 })]);
  const stats = await store.stats(["nowhere", "a"]);
  expect(stats[1]).toMatchObject({ inFlight: 1, quarantined: 1, scheduled: 4, dueNow: 3 });
  expect(await store.sizes(["nowhere", "a"])).toEqual(
    stats.map(({ scheduled, inFlight, quarantined, nowMs, dueNow, workers, ...rest }) => ({
      ...{ nowMs, dueNow, inFlight, quarantined, workers },
      messages: scheduled + inFlight + quarantined,
      oldestAtMs: rest.oldestAtMs,
      openBreakers: rest.openBreakers,
      heldKeys: rest.heldKeys,
      quietWorkers: rest.quietWorkers,
    })),
  );
});

test("sizes of many queues are in their order, and those of damaged data are not known", async () => {
  const { store, redis } = at.current;
  const queues = names.slice(0, 60);
  for (const [n, queue] of queues.entries()) {
    await store.send(
      queue,
      Array.from({ length: (n % 3) + 1 }, () => item()),
      SETTINGS,
    );
  }
  const broken = at.current.key("tenant-7", QUEUE_KEYS.quarantine);
  await redis.set(broken, "no sorted set");
  const messages = (await store.sizes(queues)).map((sizes) => sizes?.messages);
  await redis.del(broken);
  const known = (queue: string) => queue !== "tenant-7";
  expect(messages).toEqual(queues.map((queue, n) => (known(queue) ? (n % 3) + 1 : undefined)));
});
