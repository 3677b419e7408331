import { describe, expect, test } from "vitest";
import { NO_DELIVERY_SETTINGS } from "../../../src/core/delivery-settings.ts";
import type { SendItem } from "../../../src/store/contract.ts";
import { queueBase } from "../../../src/store/redis/keys.ts";
import { BREAKER } from "../../support/key-queue-steps.ts";
import { until, useTestStore } from "../../support/store.ts";
import {
  bytes,
  item,
  NO_REQUEST,
  only,
  outcome,
  SETTINGS,
  session,
  storedId,
} from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";
const send = (...items: Partial<SendItem>[]) =>
  at.current.store.send(QUEUE, items.map(item), SETTINGS);
const many = (count: number, over: (n: number) => Partial<SendItem> = () => ({})) =>
  Array.from({ length: count }, (_, n) => over(n));
/** Of what does not expire by itself. */
const keys = async () =>
  (await at.current.redis.keys(`${queueBase(at.current.prefix, QUEUE)}:*`))
    .map((key) => key.replace(/^.*\}:[^:]*:/, "").replace(/:.*/, ""))
    .filter((family) => family !== "claims")
    .toSorted();

async function purgeAll() {
  let steps = 0;
  while ((await at.current.store.deletion.purge(QUEUE)) === "removed") steps++;
  return steps;
}

async function deleteAll(expected: number) {
  expect(await at.current.store.deletion.seal(QUEUE, expected)).toMatchObject({ status: "sealed" });
  await purgeAll();
  await at.current.store.deletion.remove(QUEUE);
}

describe("a queue is sealed", () => {
  test("only with as many messages as expected", async () => {
    await send({}, {});
    const { store } = at.current;
    expect(await store.deletion.seal(QUEUE, 0)).toEqual({ status: "mismatch", messages: 2 });
    expect(await store.deletion.seal(QUEUE, 3)).toEqual({ status: "mismatch", messages: 2 });
    expect((await send({}))[0]?.status).toBe("stored");
    expect(await store.deletion.seal(QUEUE, 3)).toEqual({ status: "sealed", messages: 3 });
  });

  test("only with nothing in flight", async () => {
    await send({}, {});
    const { store } = at.current;
    const claimed = only((await at.current.tick(QUEUE, [session(1, { count: 1 })])).claimed);
    expect(await store.deletion.seal(QUEUE, 2)).toEqual({ status: "busy", inFlight: 1 });
    await store.settle(QUEUE, NO_REQUEST, [outcome(claimed, "release")]);
    expect(await store.deletion.seal(QUEUE, 2)).toMatchObject({ status: "sealed" });
  });

  test("once: later calls get the answer of the first one", async () => {
    await send(...many(600));
    const { store } = at.current;
    await store.deletion.seal(QUEUE, 600);
    expect(await store.deletion.purge(QUEUE)).toBe("removed");
    expect(await store.deletion.seal(QUEUE, 0)).toEqual({ status: "sealed", messages: 600 });
  });

  test("also if it does not exist: an earlier call may have removed it", async () => {
    await deleteAll(17);
    expect(await keys()).toEqual([]);
  });

  test("only a sealed queue is purged", async () => {
    await send({});
    expect(await at.current.store.deletion.purge(QUEUE)).toBe("unsealed");
    await at.current.store.deletion.remove(QUEUE);
    expect((await at.current.dump(QUEUE)).messages.size).toBe(1);
    // As if two servers finish, and a message comes in between.
    expect(await at.current.store.queues()).toEqual([QUEUE]);
  });
});

describe("a sealed queue", () => {
  test("refuses sends and hands out nothing", async () => {
    await send({});
    await at.current.store.deletion.seal(QUEUE, 1);
    expect(await send({}, { dedupKey: "k" })).toEqual([
      { status: "deleting" },
      { status: "deleting" },
    ]);
    const reply = await at.current.tick(QUEUE, [session(1)]);
    expect(reply).toMatchObject({ deleting: true, claimed: [], nextDueAtMs: undefined });
    expect((await at.current.dump(QUEUE)).messages.size).toBe(1);
  });

  test("is emptied in steps, and consistent after each of them", async () => {
    await send(...many(700, (n) => (n % 3 === 0 ? { quarantineReason: "POISON" } : {})));
    await send(...many(300, (n) => ({ ttlMs: 60_000, delayMs: n, sourceId: `s${n}` })));
    await at.current.store.deletion.seal(QUEUE, 1_000);
    let steps = 0;
    while ((await at.current.store.deletion.purge(QUEUE)) === "removed") {
      steps++;
      await at.current.checkInvariants(QUEUE);
      const { counters } = await at.current.dump(QUEUE);
      expect(counters.messages).toBe(Math.max(0, 1_000 - (counters.purged ?? 0)));
    }
    expect(steps).toBe(2);
    await at.current.store.deletion.remove(QUEUE);
    expect(await keys()).toEqual([]);
    expect(await at.current.store.queues()).toEqual([]);
  });

  test("is removed with its key queues, orders, holds, breaker and rates", async () => {
    const { store } = at.current;
    at.current.deliverySettings = {
      ...NO_DELIVERY_SETTINGS,
      keyAttribute: "host",
      keyMaxInFlight: 1,
      rate: { perSecond: 1_000, burst: 1_000 },
      retryBudget: { ratio: 0.5, minPerSecond: 1 },
      breaker: { ...BREAKER, minimumVolume: 1 },
      ordering: "hold",
    };
    await send(...many(10, (n) => ({ limiterKey: "a", priority: n })));
    await send(...many(10, (n) => ({ orderingKey: `o${n % 3}` })));
    await send({ orderingKey: "held", quarantineReason: "POISON" }, { orderingKey: "held" });
    const { claimed } = await at.current.tick(QUEUE, [session(1)]);
    await at.current.tick(QUEUE, [session(1)]);
    const outcomes = claimed.map((one) =>
      outcome(one, "failReschedule", { delayMs: 60_000, countsForBreaker: true }),
    );
    await store.settle(QUEUE, NO_REQUEST, outcomes);
    expect((await store.stats([QUEUE]))[0]?.breaker.state).toBe("OPEN");
    expect(await store.deletion.seal(QUEUE, 22)).toMatchObject({ status: "sealed" });
    while ((await store.deletion.purge(QUEUE)) === "removed")
      await at.current.checkInvariants(QUEUE);
    await store.deletion.remove(QUEUE);
    expect(await keys()).toEqual([]);
    // And a new queue of this name begins with all limiters open.
    await send({ limiterKey: "a" }, { orderingKey: "held" });
    expect((await at.current.tick(QUEUE, [session(1)])).claimed).toHaveLength(2);
  });

  test("limiters of many keys are removed in steps", async () => {
    const { store } = at.current;
    at.current.deliverySettings = {
      ...NO_DELIVERY_SETTINGS,
      keyAttribute: "host",
      keyMaxInFlight: 1,
    };
    await send(...many(1_200, (n) => ({ limiterKey: `k${n % 600}` })));
    const sessions = () => [session(1, { count: 1_000 })];
    const held = [];
    while (held.length < 600) held.push(...(await at.current.tick(QUEUE, sessions())).claimed);
    const blocked = async () => (await keys()).filter((key) => key === "parked").length;
    while ((await blocked()) < 600) await at.current.tick(QUEUE, sessions());
    at.current.deliverySettings = NO_DELIVERY_SETTINGS;
    const done = held.map((one) => outcome(one, "succeed"));
    await store.settle(QUEUE, NO_REQUEST, done);
    expect(await store.deletion.seal(QUEUE, 600)).toMatchObject({ status: "sealed" });
    let before = await blocked();
    expect(before).toBe(600);
    while ((await store.deletion.purge(QUEUE)) === "removed") {
      const after = await blocked();
      expect(before - after).toBeLessThanOrEqual(500);
      before = after;
    }
    expect(await blocked()).toBe(0);
    await store.deletion.remove(QUEUE);
    expect(await keys()).toEqual([]);
  });

  test("messages that an older server adds during the deletion stay", async () => {
    await send(...many(3));
    await at.current.store.deletion.seal(QUEUE, 3);
    const counters = at.current.key(QUEUE, ":counters");
    const mark = await at.current.redis.hget(counters, "deleting");
    await at.current.redis.hdel(counters, "deleting");
    const [late] = await send({});
    await at.current.redis.hset(counters, "deleting", mark ?? "");
    await purgeAll();
    await at.current.store.deletion.remove(QUEUE);
    const left = [...(await at.current.dump(QUEUE)).messages.keys()];
    expect(left).toEqual([Buffer.from(storedId(late as never)).toString("hex")]);
    expect(await at.current.store.queues()).toEqual([QUEUE]);
    expect((await send({}))[0]?.status).toBe("stored");
    expect((await at.current.tick(QUEUE, [session(1)])).claimed).toHaveLength(2);
  });

  test("can be finished by another server, at any step", async () => {
    await send(...many(1_000));
    await at.current.store.deletion.seal(QUEUE, 1_000);
    await at.current.store.deletion.purge(QUEUE);
    const other = at.current.openStore();
    await until("the connection", () => other.ready || undefined);
    expect((await other.tick(QUEUE, tickRequest)).deleting).toBe(true);
    while ((await other.deletion.purge(QUEUE)) === "removed") {
      // Until none is left.
    }
    await other.deletion.remove(QUEUE);
    await other.deletion.remove(QUEUE);
    expect(await at.current.store.deletion.purge(QUEUE)).toBe("unsealed");
    await at.current.store.deletion.remove(QUEUE);
    expect(await keys()).toEqual([]);
  });

  test("outcomes of removed messages find nothing", async () => {
    await send({});
    const claimed = only((await at.current.tick(QUEUE, [session(1, { leaseMs: 1_000 })])).claimed);
    await at.current.clock.advance(1_000);
    await at.current.tick(QUEUE);
    await deleteAll(1);
    const late = await at.current.store.settle(QUEUE, NO_REQUEST, [outcome(claimed, "succeed")]);
    expect(late?.results).toMatchObject([{ status: "NOT_FOUND" }]);
    await at.current.checkInvariants(QUEUE);
  });
});

describe("a queue that is created again", () => {
  test("does not use requests, dedup keys and sources of the deleted one", async () => {
    const same = {
      requestId: "r",
      dedupKey: "k",
      sourceId: "s",
      payloadHash: bytes("hash-of-payload!"),
    };
    for (let n = 0; n < 3; n++) await send({ sourceId: "s" });
    const [old] = await send(same);
    await deleteAll(4);
    const [fresh] = await send(same);
    expect(fresh).toMatchObject({ status: "stored", joined: false, repeated: false });
    expect(storedId(fresh as never)).not.toEqual(storedId(old as never));
    expect(fresh).toMatchObject({ state: "SCHEDULED" });
    expect((await at.current.dump(QUEUE)).counters).toMatchObject({ accepted: 1, messages: 1 });
  });

  test("is listed, even if a server remembers the deleted one as listed", async () => {
    const other = at.current.openStore();
    await until("the connection", () => other.ready || undefined);
    await other.send(QUEUE, [item()], SETTINGS);
    // As if the hint were lost: only the list is changed.
    await at.current.store.deletion.seal(QUEUE, 1);
    await purgeAll();
    await at.current.store.deletion.remove(QUEUE);
    expect(await at.current.store.queues()).toEqual([]);
    await other.send(QUEUE, [item()], SETTINGS);
    expect(await at.current.store.queues()).toEqual([QUEUE]);
  });
});

const tickRequest = {
  claimNumber: 1,
  sessions: [],
  settings: { ttlAction: "quarantine", quarantineRetentionMs: 0 },
} as const;
