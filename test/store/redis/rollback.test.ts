// After a restart or failover, Redis may lack its last writes: deliveries and outcomes among them.

import { connect } from "node:net";
import { Redis } from "ioredis";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Claimed, SendItem, TickRequest } from "../../../src/store/contract.ts";
import type { RedisStore } from "../../../src/store/redis/redis-store.ts";
import { startTestRedis, type TestRedis } from "../../support/redis.ts";
import { TestStore, until } from "../../support/store.ts";
import {
  hex,
  item,
  NO_REQUEST,
  outcome,
  SETTINGS,
  session,
  storedId,
  toRetry,
} from "../../support/store-items.ts";

const QUEUE = "orders";
let redis: TestRedis;
let at: TestStore;
let store: RedisStore;
let claims = 0;

/** Clocks of Redis, not of the test: it restarts. */
async function openStore(nodeId: string): Promise<RedisStore> {
  const opened = at.openStore({ clock: "store", nodeId });
  await until("the store's connection", () => opened.ready || undefined);
  return opened;
}

beforeEach(async () => {
  redis = await startTestRedis({ appendonly: false, args: ["--enable-debug-command", "yes"] });
  at = new TestStore(redis, "t");
  await at.store.close();
  store = await openStore("one");
});
afterEach(async () => {
  try {
    await at.checkAllQueues();
  } finally {
    await at.close();
    await redis.stop();
  }
});

const send = async (over: Partial<SendItem> = {}): Promise<string> => {
  const [reply] = await store.send(QUEUE, [item(over)], SETTINGS);
  if (reply === undefined) throw new Error("no reply");
  return hex(storedId(reply));
};

const tickRequest = (sessions: TickRequest["sessions"]): TickRequest => ({
  claimNumber: ++claims,
  sessions,
  settings: { ttlAction: "quarantine", quarantineRetentionMs: 0 },
});
const tick = (sessions: TickRequest["sessions"] = []) => store.tick(QUEUE, tickRequest(sessions));

/** Claims all due messages. Returns those with an unknown outcome, and the others. */
async function claim(): Promise<{
  claimed: readonly Claimed[];
  unknown: string[];
  known: string[];
}> {
  const { claimed } = await tick([session(claims + 1)]);
  const ids = (isUnknown: boolean) =>
    claimed.filter((one) => one.outcomeUnknown === isUnknown).map(({ id }) => hex(id));
  return { claimed, unknown: ids(true), known: ids(false) };
}

async function succeed(claimed: readonly Claimed[]): Promise<void> {
  await store.settle(
    QUEUE,
    NO_REQUEST,
    claimed.map((one) => outcome(one, "succeed")),
  );
}

async function fail(claimed: readonly Claimed[]): Promise<void> {
  const failures = claimed.map((one) => outcome(one, "failReschedule", { delayMs: 0 }));
  await store.settle(QUEUE, NO_REQUEST, failures);
}

const retry = (...ids: string[]) =>
  store.messages.retry(QUEUE, NO_REQUEST, toRetry(ids.map((id) => Buffer.from(id, "hex"))));

/** Runs the steps and makes Redis forget them. */
async function forget(steps: () => Promise<unknown>): Promise<void> {
  await redis.cli("SAVE");
  await steps();
  const lost = new Promise<void>((resolve) => store.onLost(resolve));
  await redis.kill9();
  await lost;
  await redis.restart();
  await until("the store's connection", () => store.ready || undefined);
}

test("a message whose success is lost is delivered with outcome_unknown", async () => {
  const processed = await send();
  await forget(async () => {
    const { claimed, known } = await claim();
    expect(known).toEqual([processed]);
    await succeed(claimed);
  });
  const later = await send();
  const { claimed, unknown, known } = await claim();
  expect({ unknown, known }).toEqual({ unknown: [processed], known: [later] });
  expect(claimed.map(({ deliveryNumber }) => deliveryNumber)).toEqual([1, 1]);
});

test("this holds for each message that was due, and stays until it ends", async () => {
  const due = await send();
  const prior = await send({ priority: 5 });
  const notDue = await send({ delayMs: 3_600_000 });
  await forget(async () => {
    await succeed((await claim()).claimed);
  });
  await retry(due, notDue);
  const first = await claim();
  expect(first.unknown.toSorted()).toEqual([due, prior].toSorted());
  expect(first.known).toEqual([notDue]);
  const released = first.claimed.map((one) => outcome(one, "release", { delayMs: 0 }));
  await store.settle(QUEUE, NO_REQUEST, released);
  expect((await claim()).unknown.toSorted()).toEqual([due, prior].toSorted());
});

test("also if its time to live ends before its delivery", async () => {
  const short = await send({ ttlMs: 1_000 });
  await forget(async () => {
    await succeed((await claim()).claimed);
  });
  await until("its end", async () => (await tick()).ended[0]);
  await retry(short);
  expect((await claim()).unknown).toEqual([short]);
});

test("also if a late outcome of an earlier delivery comes first", async () => {
  const id = await send();
  const { claimed } = await tick([session(1, { leaseMs: 1_000 })]);
  await until("the lease's end", async () => (await tick()).lost[0]);
  await forget(async () => {
    await succeed((await claim()).claimed);
  });
  await fail(claimed);
  expect((await claim()).unknown).toEqual([id]);
});

test("also if the outcome that made it due is lost and repeated", async () => {
  const id = await send();
  const { claimed } = await claim();
  await forget(async () => {
    await fail(claimed);
    await succeed((await claim()).claimed);
  });
  await fail(claimed);
  expect((await claim()).unknown).toEqual([id]);
});

test("also if that repeat comes after the end of its lease", async () => {
  const id = await send();
  const { claimed } = await tick([session(1, { leaseMs: 1_000 })]);
  await forget(async () => {
    await fail(claimed);
    await succeed((await claim()).claimed);
  });
  await until("the lease's end", async () => (await tick()).lost[0]);
  await fail(claimed);
  expect((await claim()).unknown).toEqual([id]);
});

test("also if the return of a lost claim is lost and repeated", async () => {
  const id = await send();
  const credit = session(1);
  await tick([credit]);
  const abandon = () => store.abandon(QUEUE, claims, [credit]);
  await forget(async () => {
    await abandon();
    await succeed((await claim()).claimed);
  });
  await abandon();
  expect((await claim()).unknown).toEqual([id]);
});

test("also if it was moving to another queue", async () => {
  await send();
  const [claimed] = (await claim()).claimed as [Claimed];
  const move = outcome(claimed, "failMove", {
    ...{ delayMs: 0, reason: "TIMEOUT" as const, failure: new Uint8Array() },
    move: { target: "other", ifRefused: { delayMs: 0 } },
  });
  await store.settle(QUEUE, NO_REQUEST, [move]);
  const moveAll = async () => {
    const { moves } = store;
    const messages = await moves.pending(QUEUE, { olderThanMs: 0 });
    const items = messages.map((message) => ({ message, limiterKey: "", orderingKey: "" }));
    await moves.receive("other", QUEUE, items, SETTINGS);
    await moves.end(
      QUEUE,
      messages.map((message) => ({ message, received: true })),
    );
    return store.tick("other", tickRequest([session(claims + 1)]));
  };
  await forget(async () => {
    const [there] = (await moveAll()).claimed as [Claimed];
    expect(there.outcomeUnknown).toBe(false);
    await store.settle("other", NO_REQUEST, [outcome(there, "succeed")]);
  });
  expect((await moveAll()).claimed).toMatchObject([{ id: claimed.id, outcomeUnknown: true }]);
});

test("a send that is repeated after Redis lost it makes another message", async () => {
  let first = "";
  await forget(async () => {
    first = await send({ requestId: "r" });
    await succeed((await claim()).claimed);
  });
  const again = await send({ requestId: "r" });
  expect(again).not.toBe(first);
  expect((await claim()).known).toEqual([again]);
});

test("the next server finds the change, if no server lived through it", async () => {
  const processed = await send();
  await redis.cli("SAVE");
  await succeed((await claim()).claimed);
  await redis.kill9();
  await store.close();
  await redis.restart();
  store = await openStore("two");
  expect((await claim()).unknown).toEqual([processed]);
});

test("an orderly end of all servers, and then a restart, lose nothing", async () => {
  const waiting = await send();
  const other = await openStore("two");
  await other.close();
  await store.close();
  await redis.cli("SAVE");
  await redis.restart();
  store = await openStore("one");
  expect((await claim()).known).toEqual([waiting]);
});

test("an orderly end of one server says nothing about the others", async () => {
  const processed = await send();
  const other = await openStore("two");
  await other.close();
  await forget(async () => {
    await succeed((await claim()).claimed);
  });
  expect((await claim()).unknown).toEqual([processed]);
});

test.each([0.08, 0.12, 0.16])(
  "nor does it if Redis answers slowly, busy for %s s at a time",
  async (seconds) => {
    const processed = await send();
    const other = await openStore("two");
    const busy = new Redis({ path: redis.socketPath, protocol: 2 });
    await busy.call("DEBUG", "SLEEP", "0.01");
    let isClosed = false;
    const sleeping = (async () => {
      while (!isClosed) await busy.call("DEBUG", "SLEEP", String(seconds));
    })();
    await other.close();
    isClosed = true;
    await sleeping;
    busy.disconnect();
    await forget(async () => {
      await succeed((await claim()).claimed);
    });
    expect((await claim()).unknown).toEqual([processed]);
  },
);

test("nor about one that was suspended meanwhile", async () => {
  const processed = await send();
  const other = await openStore("two");
  await redis.cli("ZADD", "t:nodes", String(Date.now() - 15_000), "one");
  await other.close();
  await store.signOfLife();
  await forget(async () => {
    await succeed((await claim()).claimed);
  });
  expect((await claim()).unknown).toEqual([processed]);
});

test("an end before the data was checked leaves a change to the next server", async () => {
  const processed = await send();
  await redis.cli("SET", "t:version", "99");
  await redis.cli("SAVE");
  await succeed((await claim()).claimed);
  const refused = new Promise((resolve) => store.onRefused(resolve));
  await redis.kill9();
  await redis.restart();
  await refused;
  await store.close();
  await redis.cli("SET", "t:version", "4");
  store = await openStore("two");
  expect((await claim()).unknown).toEqual([processed]);
});

test("an earlier change is not forgotten by an orderly end", async () => {
  const processed = await send();
  await forget(async () => {
    await succeed((await claim()).claimed);
  });
  await store.close();
  await redis.cli("SAVE");
  await redis.restart();
  store = await openStore("one");
  expect((await claim()).unknown).toEqual([processed]);
});

async function reconnect(): Promise<void> {
  const lost = new Promise<void>((resolve) => store.onLost(resolve));
  await redis.cli("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
  await lost;
  await until("the store's connection", () => store.ready || undefined);
}

test("a new connection to the same Redis changes nothing", async () => {
  const waiting = await send();
  await reconnect();
  expect((await claim()).known).toEqual([waiting]);
});

const replicationId = async () =>
  /master_replid:(\w+)/.exec(await redis.cli("INFO", "replication"))?.[1];

test("nor does the first replica, which renews the replication id", async () => {
  const waiting = await send();
  const before = await replicationId();
  const replica = connect(redis.socketPath);
  replica.write("PSYNC ? -1\r\n");
  await until("another id", async () => (await replicationId()) !== before);
  replica.destroy();
  await reconnect();
  expect((await claim()).known).toEqual([waiting]);
});

test("a Redis that was a replica meanwhile may lack writes", async () => {
  const waiting = await send();
  const before = await replicationId();
  await redis.cli("REPLICAOF", "127.0.0.1", "1");
  await redis.cli("REPLICAOF", "NO", "ONE");
  expect(await replicationId()).not.toBe(before);
  await reconnect();
  expect((await claim()).unknown).toEqual([waiting]);
});

test("a change that a clock ahead of now has seen is moved to now", async () => {
  const waiting = await send();
  await forget(async () => {});
  const ahead = () => redis.cli("HSET", "t:history", "changed", String(Date.now() + 3_600_000));
  const changedAtMs = async () => Number(await redis.cli("HGET", "t:history", "changed"));
  await ahead();
  await store.signOfLife();
  expect(await changedAtMs()).toBeLessThanOrEqual(Date.now());
  await ahead();
  await reconnect();
  await until("a later time", async () => Date.now() > (await changedAtMs()));
  const fresh = await send();
  const { claimed, unknown, known } = await claim();
  expect({ unknown, known }).toEqual({ unknown: [waiting], known: [fresh] });
  await fail(claimed);
  expect((await claim()).known).toEqual([fresh]);
});
