import { setImmediate } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { formatMessageId } from "../../../src/core/message-id.ts";
import { Connection } from "../../../src/store/redis/connection.ts";
import { globalKeys, partitionKeys, QUEUE_KEYS } from "../../../src/store/redis/keys.ts";
import { partitionOf } from "../../../src/store/redis/partitions.ts";
import { Sessions } from "../../../src/store/redis/sessions.ts";
import { redisCalls } from "../../support/redis-calls.ts";
import { START_MS, until, useTestStore } from "../../support/store.ts";
import {
  bytes,
  item,
  NO_REQUEST,
  only,
  outcome,
  SETTINGS,
  session,
  sessionId,
} from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";

const stats = async (queue = QUEUE) => only(await at.current.store.stats([queue]));

test("a queue without messages is empty", async () => {
  expect(await stats("nowhere")).toEqual({
    nowMs: START_MS,
    scheduled: 0,
    dueNow: 0,
    isolatedDue: 0,
    inFlight: 0,
    quarantined: 0,
    nextDueAtMs: undefined,
    oldestQuarantinedAtMs: undefined,
    oldestAtMs: undefined,
    rates: { accepted: 0, delivered: 0, succeeded: 0, failed: 0 },
    counters: new Map(),
    cells: [],
    breaker: { state: "CLOSED", retryAtMs: undefined },
    openBreakers: 0,
    heldKeys: 0,
    blockingLimiters: 0,
    rateBucket: undefined,
    workers: 0,
    quietWorkers: 0,
    freeCredit: 0,
  });
});

test("stats returns counts, cells, first due times and totals", async () => {
  const { store, clock } = at.current;
  await store.send(
    QUEUE,
    [
      item({ envelope: bytes("12345") }),
      item({ reason: "PLUGIN_ERROR" }),
      item({ delayMs: 60_000 }),
      item({ delayMs: 90_000 }),
      item({ quarantineReason: "POISON" }),
    ],
    SETTINGS,
  );
  await clock.advance(1_000);
  await store.send(QUEUE, [item({ quarantineReason: "POISON" })], SETTINGS);
  const claimed = only((await at.current.tick(QUEUE, [session(1, { count: 1 })])).claimed);
  const { rates: _, ...rest } = await stats();
  expect(rest).toEqual({
    nowMs: START_MS + 1_000,
    scheduled: 3,
    dueNow: 1,
    isolatedDue: 0,
    inFlight: 1,
    quarantined: 2,
    nextDueAtMs: START_MS,
    oldestQuarantinedAtMs: START_MS,
    oldestAtMs: START_MS,
    counters: new Map([
      ["accepted", 6],
      ["messages", 6],
      ["bytes", 45],
      ["deliveries", 1],
    ]),
    cells: expect.arrayContaining([
      { state: "QUARANTINED", reason: "TIMEOUT", quarantineReason: "POISON", count: 2 },
      { state: "SCHEDULED", reason: "TIMEOUT", quarantineReason: undefined, count: 2 },
    ]),
    breaker: { state: "CLOSED", retryAtMs: undefined },
    openBreakers: 0,
    heldKeys: 0,
    blockingLimiters: 0,
    rateBucket: undefined,
    workers: 0,
    quietWorkers: 0,
    freeCredit: 0,
  });
  expect(rest.cells.reduce((sum, cell) => sum + cell.count, 0)).toBe(6);
  await store.settle(QUEUE, NO_REQUEST, [outcome(claimed, "succeed")]);
  expect((await stats()).counters.get("succeeded")).toBe(1);
});

test("due messages with isolated delivery are counted apart", async () => {
  await at.current.store.send(QUEUE, [item(), item()], SETTINGS);
  for (let n = 0; n < 2; n++) {
    await at.current.tick(QUEUE, [session(1, { count: 1 })]);
    await at.current.tick(QUEUE, [session(2, { count: 1 })]);
    await at.current.clock.advance(30_000);
    await at.current.tick(QUEUE);
  }
  expect(await stats()).toMatchObject({
    scheduled: 2,
    dueNow: 2,
    isolatedDue: 2,
    nextDueAtMs: START_MS + 60_000,
  });
});

test("the oldest message is found in any state, also when older chunks are gone", async () => {
  const { store, clock } = at.current;
  await store.send(
    QUEUE,
    Array.from({ length: 130 }, () => item()),
    SETTINGS,
  );
  await clock.advance(5_000);
  await store.send(QUEUE, [item({ quarantineReason: "POISON" })], SETTINGS);
  expect((await stats()).oldestAtMs).toBe(START_MS);
  const { claimed } = await at.current.tick(QUEUE, [session(1, { count: 200 })]);
  await store.settle(
    QUEUE,
    NO_REQUEST,
    claimed.map((c) => outcome(c, "succeed")),
  );
  expect((await stats()).oldestAtMs).toBe(START_MS + 5_000);
});

test("rates are averages over a minute and fade without events", async () => {
  const { store, clock } = at.current;
  // Two a second for five minutes: the average is two.
  for (let second = 0; second < 300; second += 5) {
    await store.send(
      QUEUE,
      Array.from({ length: 10 }, () => item()),
      SETTINGS,
    );
    await clock.set(clock.nowMs + 5_000);
  }
  expect((await stats()).rates.accepted).toBeGreaterThan(1.8);
  expect((await stats()).rates.accepted).toBeLessThan(2.2);
  const before = (await stats()).rates.accepted;
  await clock.set(clock.nowMs + 60_000);
  expect((await stats()).rates.accepted / before).toBeCloseTo(Math.exp(-1), 5);
  await clock.set(clock.nowMs + 3_600_000);
  expect((await stats()).rates.accepted).toBeLessThan(1e-9);
});

test("rates do not grow when the clock jumps back", async () => {
  const { store, clock } = at.current;
  await store.send(QUEUE, [item()], SETTINGS);
  const before = (await stats()).rates.accepted;
  await clock.set(START_MS - 3_600_000);
  expect((await stats()).rates.accepted).toBe(before);
});

/** Creates queues without messages. */
const createQueues = (...queues: string[]) =>
  Promise.all(
    queues.map((queue) =>
      at.current.redis.zadd(partitionKeys(at.current.prefix, partitionOf(queue)).queues, 0, queue),
    ),
  );

const record = (n: number, queues = [QUEUE]) => ({
  sessionId: formatMessageId(sessionId(n)),
  workerId: `worker\n${n}`,
  queues,
  maxInFlight: 10,
});

test("workers are the open streams of living nodes, free credit what they could still take", async () => {
  const { store } = at.current;
  await createQueues(QUEUE, "other");
  await store.signOfLife();
  await store.registerSession(record(1, [QUEUE, "other"]));
  await store.registerSession(record(2));
  await store.registerSession(record(2));
  expect(await stats()).toMatchObject({ workers: 2, freeCredit: 20 });
  await store.send(QUEUE, [item(), item(), item()], SETTINGS);
  await at.current.tick(QUEUE, [session(1)]);
  expect(await stats()).toMatchObject({ workers: 2, freeCredit: 17 });
  expect(await stats("other")).toMatchObject({ workers: 1, freeCredit: 10 });
  await store.unregisterSession(record(1, [QUEUE, "other"]), false);
  expect(await stats()).toMatchObject({ workers: 1 });
  expect(await stats("other")).toMatchObject({ workers: 0 });
});

test("workers of a silent node do not count, and are removed later", async () => {
  const { store, redis, prefix } = at.current;
  await createQueues(QUEUE);
  const dead = at.current.openStore({ nodeId: "dead" });
  await until("the connection", () => dead.ready || undefined);
  await dead.signOfLife();
  await dead.registerSession(record(3));
  await store.signOfLife();
  await store.registerSession(record(4));
  expect((await stats()).workers).toBe(2);
  const [score] = [Number(await redis.zscore(`${prefix}:nodes`, "dead"))];
  await redis.zadd(`${prefix}:nodes`, score - 11_000, "dead");
  expect((await stats()).workers).toBe(1);
  const workers = at.current.key(QUEUE, ":workers");
  expect(await redis.hlen(workers), "it may only be paused").toBe(2);

  await redis.zadd(`${prefix}:nodes`, score - 3_600_001, "dead");
  const next = at.current.openStore({ nodeId: "next" });
  await until("the connection", () => next.ready || undefined);
  await next.registerSession(record(5));
  await next.signOfLife();
  expect(await redis.hlen(workers)).toBe(2);
  expect((await stats()).workers).toBe(2);
});

test("a session is found by its id for as long as its leases may last", async () => {
  const { store, redis, prefix } = at.current;
  await createQueues("a", "b");
  const { sessionId: id, ...rest } = record(1, ["a", "b"]);
  expect(await store.sessionQueues(id)).toBeUndefined();
  await store.registerSession({ sessionId: id, ...rest });
  expect(await store.sessionQueues(id)).toEqual(["a", "b"]);
  expect(await store.sessionQueues("not a session")).toBeUndefined();

  // Its stream was open for half a day: its last leases may begin now.
  await redis.pexpire(`${prefix}:session:${id}`, 3_600_000);
  await store.unregisterSession({ sessionId: id, ...rest }, true);
  expect(await store.sessionQueues(id)).toEqual(["a", "b"]);
  expect(await redis.pttl(`${prefix}:session:${id}`)).toBeGreaterThan(12 * 3_600_000);
});

test("nothing is stored of a session whose stream ended without leases", async () => {
  const { store, redis, prefix } = at.current;
  await createQueues(QUEUE);
  await store.registerSession(record(1));
  await store.unregisterSession(record(1), false);
  expect(await store.sessionQueues(record(1).sessionId)).toBeUndefined();
  expect(await redis.keys(`${prefix}:session:*`)).toEqual([]);
});

test("a session with a new stream on another server is found after the old one ended", async () => {
  const { store } = at.current;
  await createQueues(QUEUE, "others");
  const other = at.current.openStore({ nodeId: "other" });
  await until("the connection", () => other.ready || undefined);
  for (const queue of [QUEUE, "others"]) {
    await store.registerSession(record(1));
    await other.registerSession(record(1, [queue]));
    await store.unregisterSession(record(1), false);
    expect(await store.sessionQueues(record(1).sessionId)).toEqual(expect.arrayContaining([queue]));
    await other.unregisterSession(record(1, [queue]), false);
    expect(await store.sessionQueues(record(1).sessionId)).toBeUndefined();
  }
});

test("a session with a new stream here is found after the old one ended", async () => {
  const { store } = at.current;
  await createQueues(QUEUE);
  await store.registerSession(record(1));
  const ending = store.unregisterSession(record(1), false);
  await store.registerSession(record(1));
  await ending;
  await store.signOfLife();
  expect(await store.sessionQueues(record(1).sessionId)).toEqual([QUEUE]);
});

test("open streams are written again after the store has lost them", async () => {
  const { store, redis, prefix, clock } = at.current;
  await createQueues(QUEUE);
  await store.registerSession(record(1));
  await redis.flushall();
  await clock.set(START_MS);
  const lost = new Promise<void>((resolve) => store.onLost(resolve));
  await redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
  await lost;
  await until("the connection", () => store.ready || undefined);
  await store.signOfLife();
  // The list of queues was lost, too, and the next send writes it again.
  await store.send(QUEUE, [item()], SETTINGS);
  expect(await store.queues()).toEqual([QUEUE]);
  await store.registerWorkers(QUEUE);
  expect(await stats()).toMatchObject({ workers: 1 });
  expect(await store.sessionQueues(record(1).sessionId)).toEqual([QUEUE]);
  expect(await redis.pttl(`${prefix}:session:${record(1).sessionId}`)).toBeGreaterThan(0);
});

test("a stream that ended during an outage of the store is no worker afterwards", async () => {
  const { store, redis } = at.current;
  await createQueues(QUEUE);
  await store.registerSession(record(1));
  await store.registerSession(record(2));
  const lost = new Promise<void>((resolve) => store.onLost(resolve));
  await redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
  await lost;
  await expect(store.unregisterSession(record(1), false)).rejects.toMatchObject({
    kind: "STORE_UNAVAILABLE",
  });
  await until("the connection", () => store.ready || undefined);
  await store.signOfLife();
  expect(await stats()).toMatchObject({ workers: 1 });
});

test("a stream that was never written leaves no entry to remove", async () => {
  const { store, redis } = at.current;
  const evals = async () =>
    Number(/cmdstat_eval:calls=(\d+)/.exec(await redis.info("commandstats"))?.[1] ?? 0);
  const writesOfBeat = async () => {
    const before = await evals();
    await store.signOfLife();
    return (await evals()) - before;
  };
  const usual = await writesOfBeat();
  const lost = new Promise<void>((resolve) => store.onLost(resolve));
  await redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
  await lost;
  for (let n = 1; n <= 3; n++)
    await expect(store.unregisterSession(record(n), false)).rejects.toThrow();
  await until("the connection", () => store.ready || undefined);
  expect(await writesOfBeat()).toBe(usual);
});

test("a stream that opens and ends while the store does not answer is not kept", async () => {
  const down = () => Promise.reject(new Error("no answer"));
  const command = vi.fn(down);
  const sessions = new Sessions({
    connection: { command } as unknown as Connection,
    queues: { existingOf: down },
    ...{ prefix: "p", nodeId: "node" },
  });
  await expect(sessions.register(record(1), down())).rejects.toThrow();
  sessions.end(record(1), false);
  await sessions.tend();
  expect(command).not.toHaveBeenCalled();
});

test("a stream that ends at any step of its registration is no worker, and leaves nothing", async () => {
  const { store, redis, prefix } = at.current;
  await createQueues(QUEUE);
  await store.signOfLife();
  for (let turns = 0; turns < 30; turns++) {
    const writing = store.registerSession(record(1));
    for (let turn = 0; turn < turns; turn++) await setImmediate();
    await store.unregisterSession(record(1), false);
    await writing;
    await store.signOfLife();
    expect(await stats()).toMatchObject({ workers: 0 });
    expect(await redis.keys(`${prefix}:session:*`), `ended after ${turns} turns`).toEqual([]);
  }
});

test("the entries of a stream are removed, also if a second registration of it failed", async () => {
  const { store, redis } = at.current;
  await createQueues(QUEUE);
  await store.registerSession(record(1));
  const write = vi.spyOn(Connection.prototype, "command").mockRejectedValue(new Error("no answer"));
  await expect(store.registerSession(record(1))).rejects.toThrow();
  write.mockRestore();
  await store.unregisterSession(record(1), false);
  expect(await redis.hlen(at.current.key(QUEUE, QUEUE_KEYS.workers))).toBe(0);
  expect(await store.sessionQueues(record(1).sessionId)).toBeUndefined();
});

test("nothing is stored of queues that do not exist, however many names a stream invents", async () => {
  const { store, redis, prefix } = at.current;
  await store.signOfLife();
  const keys = async () => (await redis.keys(`${prefix}:*`)).toSorted();
  const before = await keys();
  const invented = record(
    1,
    Array.from({ length: 1_000 }, (_, n) => `invented-${n}`),
  );
  await store.registerSession(invented);
  expect(await keys()).toEqual(before);
  await store.stats(invented.queues);
  await store.unregisterSession(invented, false);
  expect(await keys()).toEqual(before);
});

test("a stream is a worker of a queue that is created after it opened", async () => {
  const { store } = at.current;
  await store.registerSession(record(1, ["later", "never"]));
  await createQueues("later");
  await store.registerWorkers("later");
  expect(await stats("later")).toMatchObject({ workers: 1 });
  expect(await store.sessionQueues(record(1).sessionId)).toEqual(["later"]);
  await store.unregisterSession(record(1, ["later", "never"]), false);
  expect(await stats("later")).toMatchObject({ workers: 0 });
});

test("a stream is written once to each of its queues that are created at once", async () => {
  const { store, redis } = at.current;
  const queues = Array.from({ length: 100 }, (_, n) => `new-${n}`);
  await store.registerSession(record(1, queues));
  await createQueues(...queues);
  const hset = await redisCalls(redis, "hset", () =>
    Promise.all(queues.map((queue) => store.registerWorkers(queue))),
  );
  expect(hset).toBe(queues.length);
  expect(await stats("new-99")).toMatchObject({ workers: 1 });
});

test("to register the workers of a queue, the names of other streams are not searched", async () => {
  const { store } = at.current;
  let reads = 0;
  const queues = new Proxy(["other"], {
    get(names, key) {
      reads++;
      return Reflect.get(names, key, names);
    },
  });
  await store.registerSession(record(1, queues));
  await store.registerSession(record(2, ["later"]));
  await createQueues("later");
  reads = 0;
  await store.registerWorkers("later");
  expect(await stats("later")).toMatchObject({ workers: 1 });
  expect(reads).toBe(0);
});

test("a stream becomes a worker of a queue whose damaged list of workers is repaired", async () => {
  const { store, redis } = at.current;
  await createQueues(QUEUE);
  const workers = at.current.key(QUEUE, QUEUE_KEYS.workers);
  await redis.set(workers, "of the wrong type");
  await store.registerSession(record(1));
  await redis.del(workers);
  await store.registerWorkers(QUEUE);
  expect(await stats()).toMatchObject({ workers: 1 });
});

test("damage of the server's own list of queues is an error", async () => {
  const store = at.current.openStore({ nodeId: "node" });
  await until("the connection", () => store.ready || undefined);
  const { redis, prefix } = at.current;
  await createQueues(QUEUE);
  const own = globalKeys(prefix).workerQueues("node");
  await redis.set(own, "of the wrong type");
  await expect(store.registerSession(record(1))).rejects.toMatchObject({ kind: "INTERNAL" });
  await redis.del(own);
});

test("stats of many invented names cost as much as those of one", async () => {
  const { store, redis } = at.current;
  await createQueues("real");
  const scripts = async () =>
    Number(
      /cmdstat_fcall:calls=(\d+)|cmdstat_evalsha:calls=(\d+)/
        .exec(await redis.info("commandstats"))
        ?.slice(1)
        .find(Boolean) ?? 0,
    );
  await store.stats(["warm-up"]);
  const before = await scripts();
  const names = Array.from({ length: 1_000 }, (_, n) => `invented-${n}`);
  expect(await store.stats([...names, "real"])).toHaveLength(1_001);
  expect((await scripts()) - before).toBe(1);
});

test("a session with a new stream stays a worker when its old stream is unregistered late", async () => {
  const { store, redis } = at.current;
  await createQueues(QUEUE);
  await store.registerSession(record(1));
  const lost = new Promise<void>((resolve) => store.onLost(resolve));
  await redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
  await lost;
  await expect(store.unregisterSession(record(1), false)).rejects.toThrow();
  await until("the connection", () => store.ready || undefined);
  await store.registerSession(record(1));
  await store.signOfLife();
  expect(await stats()).toMatchObject({ workers: 1 });
});

test("the limit of queues refuses new ones, and existing ones work", async () => {
  const small = at.current.openStore({ maxQueues: 1 });
  await until("the connection", () => small.ready || undefined);
  await small.send("first", [item()], SETTINGS);
  await expect(small.send("second", [item()], SETTINGS)).rejects.toThrow(/queue/);
  await small.send("first", [item()], SETTINGS);
  expect(await small.queues()).toEqual(["first"]);
});

/** Returns the most scripts that ran at once during the work. */
async function mostAtOnce(
  method: "run" | "runMany",
  work: () => Promise<unknown>,
): Promise<number> {
  const real = Connection.prototype[method] as (...call: unknown[]) => Promise<never>;
  let running = 0;
  let most = 0;
  const spy = vi.spyOn(Connection.prototype, method).mockImplementation(async function (
    this: Connection,
    ...call: unknown[]
  ) {
    most = Math.max(most, ++running);
    try {
      return await real.apply(this, call);
    } finally {
      running--;
    }
  });
  try {
    await work();
  } finally {
    spy.mockRestore();
  }
  return most;
}

describe("few queues are asked at once, however many there are,", () => {
  const names = Array.from({ length: 200 }, (_, n) => `queue-${n}`);
  /** As in redis-store.ts. */
  const READS_AT_ONCE = 32;

  test("for their stats", async () => {
    const { store } = at.current;
    const most = await mostAtOnce("runMany", async () => {
      const [first, second] = await Promise.all([store.stats(names), store.stats(names)]);
      expect([first?.length, second?.length]).toEqual([200, 200]);
    });
    expect(most).toBeLessThanOrEqual(READS_AT_ONCE);
  });

  test("for the leases of a session", async () => {
    const { store } = at.current;
    const most = await mostAtOnce("run", () =>
      Promise.all(names.map((queue) => store.leases(queue, sessionId(1)))),
    );
    expect(most).toBeLessThanOrEqual(READS_AT_ONCE);
  });
});
