import { beforeEach, describe, expect, test } from "vitest";
import type { SessionCredit } from "../../../src/store/contract.ts";
import { globalKeys, QUEUE_KEYS } from "../../../src/store/redis/keys.ts";
import { LifeClock } from "../../../src/store/redis/life-clock.ts";
import type { RedisStore } from "../../../src/store/redis/redis-store.ts";
import { START_MS, until, useTestStore } from "../../support/store.ts";
import {
  bytes,
  hex,
  item,
  NO_REQUEST,
  only,
  outcome,
  SETTINGS,
  session,
  storedId,
  tokenOf,
  toRetry,
} from "../../support/store-items.ts";

const at = useTestStore();
const RECORD = () => globalKeys(at.current.prefix).clockStep;
const QUEUE = "orders";
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Answers are kept in hashes of five minutes; one begins at START_MS. */
const GENERATION_MS = 5 * MINUTE_MS;
/** Where a day begins. */
const MIDNIGHT_MS = Math.ceil(START_MS / DAY_MS) * DAY_MS;

test("after a jump back new messages are due now, though older ones are due later", async () => {
  const { store, clock } = at.current;
  await store.send(QUEUE, [item()], SETTINGS);
  await clock.set(START_MS - HOUR_MS);
  const id = storedId(only(await store.send(QUEUE, [item()], SETTINGS)));
  const { claimed, nextDueAtMs } = await at.current.tick(QUEUE, [session(1)]);
  expect(claimed.map((c) => hex(c.id))).toEqual([hex(id)]);
  expect(nextDueAtMs).toBe(START_MS);
});

test("a jump forward counts as an outage: leases get a grace", async () => {
  const { clock } = at.current;
  const store = at.current.openStore({ expiryGraceMs: 30_000 });
  await until("the connection", () => store.ready || undefined);
  const settings = { ttlAction: "quarantine", quarantineRetentionMs: 0 } as const;
  await store.send(QUEUE, [item()], SETTINGS);
  await store.tick(QUEUE, { claimNumber: 1, sessions: [session(1)], settings });
  await clock.set(START_MS + HOUR_MS);
  const tick = (claimNumber: number) => store.tick(QUEUE, { claimNumber, sessions: [], settings });
  expect(await tick(2)).toMatchObject({ lost: [], leasesOut: 1 });

  // Back again: the grace began in the future, and must not last until then.
  await clock.set(START_MS);
  await store.send(QUEUE, [item()], SETTINGS);
  await store.tick(QUEUE, { claimNumber: 3, sessions: [session(2)], settings });
  for (let second = 0; second <= 30; second += 2) {
    await clock.set(START_MS + second * 1_000);
    const { lost } = await tick(4 + second);
    if (second < 30) expect(lost).toEqual([]);
    else expect(lost).toHaveLength(2);
  }
});

/** What is stored, without when to come again. */
async function stored() {
  const { wakeUps: _, firstEndMs: __, ...rest } = await at.current.dump(QUEUE);
  return rest;
}

describe("a step forward of 26 hours", () => {
  const STEP_MS = 26 * HOUR_MS;
  const discarding = { ttlAction: "discard", quarantineRetentionMs: DAY_MS } as const;
  const tick = (sessions: SessionCredit[] = []) => at.current.tick(QUEUE, sessions, discarding);

  async function step() {
    const { store, clock } = at.current;
    const lived = item({ ttlMs: DAY_MS });
    const kept = item({ quarantineReason: "PRODUCER_REQUEST" });
    await store.send(QUEUE, [lived, kept], SETTINGS);
    await tick();
    await clock.set(START_MS + STEP_MS);
    return stored();
  }

  test("removes no message, and the next end is that of the time that has really passed", async () => {
    const before = await step();
    const { ended, nextEndAtMs = 0 } = await tick();
    expect(ended).toEqual([]);
    const endsAtMs = START_MS + STEP_MS + DAY_MS;
    expect(nextEndAtMs).toBeLessThanOrEqual(endsAtMs);
    expect(nextEndAtMs).toBeGreaterThan(endsAtMs - 2 * MINUTE_MS);
    expect(await stored()).toEqual(before);
  });

  test("leaves a message that is due to its worker", async () => {
    await step();
    expect((await tick([session(1)])).claimed).toHaveLength(1);
  });

  test("does not lengthen the lives that begin after it", async () => {
    await step();
    await tick();
    await at.current.store.send(QUEUE, [item({ ttlMs: HOUR_MS })], SETTINGS);
    await at.current.clock.advance(HOUR_MS - 1);
    const late = item({ ttlMs: 1 });
    await at.current.store.send(QUEUE, [late], SETTINGS);
    await at.current.clock.advance(1);
    const { claimed, ended } = await tick([session(1)]);
    expect({ claimed: claimed.length, ended: ended.length }).toEqual({ claimed: 1, ended: 2 });
  });

  describe("sweeps without a worker", () => {
    const sweep = async () => (await tick()).ended.map(({ id }) => hex(id));

    test("what was sent after it, beside what was sent before", async () => {
      await step();
      await sweep();
      const sent = await at.current.store.send(QUEUE, [item({ ttlMs: HOUR_MS })], SETTINGS);
      const nextEndsAtMs = at.current.clock.nowMs + HOUR_MS;
      expect((await tick()).nextEndAtMs).toBe(nextEndsAtMs);
      await at.current.clock.advance(HOUR_MS - 1);
      expect(await sweep()).toEqual([]);
      await at.current.clock.advance(1);
      expect(await sweep()).toEqual([hex(storedId(only(sent)))]);
      expect((await tick()).nextEndAtMs).toBeGreaterThan(nextEndsAtMs + HOUR_MS);
    });

    test("what was quarantined after it, for its retention", async () => {
      await step();
      await sweep();
      const late = item({ quarantineReason: "PRODUCER_REQUEST" });
      const sent = await at.current.store.send(QUEUE, [late], SETTINGS);
      const hour = { ...discarding, quarantineRetentionMs: HOUR_MS };
      await at.current.clock.advance(HOUR_MS - 1);
      const { ended, nextEndAtMs } = await at.current.tick(QUEUE, [], hour);
      expect({ ended: ended.length, nextEndAtMs }).toEqual({
        ended: 1,
        nextEndAtMs: at.current.clock.nowMs + 1,
      });
      await at.current.clock.advance(1);
      const { ended: later } = await at.current.tick(QUEUE, [], hour);
      expect(later.map(({ id }) => hex(id))).toEqual([hex(storedId(only(sent)))]);
    });

    test("what was sent before it, when its time to live has really passed", async () => {
      const { store, clock } = at.current;
      await clock.advance(MINUTE_MS);
      const sent = await store.send(QUEUE, [item({ ttlMs: 3 * HOUR_MS })], SETTINGS);
      await step();
      expect(await sweep()).toEqual([]);
      await clock.advance(3 * HOUR_MS - MINUTE_MS - 1_000);
      expect(await sweep()).toEqual([]);
      await clock.advance(2 * MINUTE_MS);
      expect(await sweep()).toEqual([hex(storedId(only(sent)))]);
    });

    test("all chunks again after the clock was corrected", async () => {
      const { store, clock } = at.current;
      const count = 6 * 128;
      const lives = Array.from({ length: count }, () => item({ ttlMs: HOUR_MS }));
      await store.send(QUEUE, lives, SETTINGS);
      await tick();
      await clock.set(START_MS + STEP_MS);
      for (let n = 0; n < 6; n++) expect(await sweep()).toEqual([]);
      await clock.set(START_MS);
      expect(await tick()).toMatchObject({ ended: [], nextEndAtMs: START_MS + HOUR_MS });
      await clock.advance(HOUR_MS);
      let ended = 0;
      for (let n = 0; n < 4; n++) ended += (await sweep()).length;
      expect(ended).toBe(count);
      expect(await at.current.redis.exists(at.current.key(QUEUE, QUEUE_KEYS.postponed))).toBe(0);
    });
  });

  test("ends no life that began at a due time that it skipped", async () => {
    const delayed = item({ delayMs: 20 * HOUR_MS, ttlMs: HOUR_MS });
    await at.current.store.send(QUEUE, [delayed], SETTINGS);
    await step();
    await tick();
    const { claimed, ended } = await tick([session(1)]);
    expect({ claimed: claimed.length, ended: ended.length }).toEqual({ claimed: 2, ended: 0 });
  });

  test("is undone by a step back", async () => {
    await step();
    await tick();
    await at.current.clock.set(START_MS + MINUTE_MS);
    await tick();
    await at.current.clock.advance(DAY_MS - MINUTE_MS - 1);
    expect((await tick()).ended).toEqual([]);
    await at.current.clock.advance(1);
    expect((await tick()).ended).toHaveLength(2);
  });

  test("counts after a day", async () => {
    await step();
    await tick();
    await at.current.clock.advance(DAY_MS - 2 * MINUTE_MS);
    expect((await tick()).ended).toEqual([]);
    await at.current.clock.advance(2 * MINUTE_MS);
    // By the first reply of the second day.
    await tick();
    await tick();
    expect((await at.current.dump(QUEUE)).messages.size).toBe(0);
  });

  describe("protects from a server that starts", () => {
    const steps: number[] = [];
    beforeEach(() => steps.splice(0));
    const open = async () => {
      const store = at.current.openStore({ onClockStep: (ms) => steps.push(ms) });
      await until("the connection", () => store.ready || undefined);
      await store.signOfLife();
      return store;
    };
    let claimNumber = 0;
    const tickOf = async (store: RedisStore, sessions: SessionCredit[] = []) =>
      store.tick(QUEUE, { claimNumber: ++claimNumber, sessions, settings: discarding });

    test("during the hold, also as the only one, until the hold ends", async () => {
      const before = await step();
      await tick();
      await at.current.store.close();
      await at.current.clock.advance(MINUTE_MS);
      const store = await open();
      for (let n = 0; n < 3; n++) {
        const { ended, nowMs, nextEndAtMs = 0 } = await tickOf(store);
        expect(ended).toEqual([]);
        if (n > 0) expect(nextEndAtMs - nowMs).toBeGreaterThan(DAY_MS - 4 * MINUTE_MS);
        await store.signOfLife();
      }
      expect(steps).toHaveLength(1);
      expect(await stored()).toEqual(before);
      await at.current.clock.advance(DAY_MS - 3 * MINUTE_MS);
      expect((await tickOf(store)).ended).toEqual([]);
      await at.current.clock.advance(2 * MINUTE_MS);
      await tickOf(store);
      await tickOf(store);
      expect((await at.current.dump(QUEUE)).messages.size).toBe(0);
    });

    test("after the step and before another server has seen it", async () => {
      await step();
      const store = await open();
      await tick();
      await store.signOfLife();
      await tickOf(store);
      expect((await tickOf(store, [session(1)])).claimed).toHaveLength(1);
    });

    test("also if a heartbeat of another one saw the step, and no tick", async () => {
      const { store } = at.current;
      await store.signOfLife();
      await step();
      await store.signOfLife();
      const other = await open();
      expect((await tickOf(other, [session(1)])).claimed).toHaveLength(1);
    });

    test("and lets its lives that begin after the step end", async () => {
      await step();
      await tick();
      const store = await open();
      await store.send(QUEUE, [item({ ttlMs: HOUR_MS })], SETTINGS);
      await at.current.clock.advance(HOUR_MS);
      expect((await tickOf(store, [session(1)])).claimed).toHaveLength(1);
    });

    test("but not after the clock was corrected", async () => {
      await step();
      await tick();
      await at.current.clock.set(START_MS + MINUTE_MS);
      await tick();
      await at.current.store.signOfLife();
      const store = await open();
      await at.current.clock.advance(DAY_MS - MINUTE_MS);
      expect((await tickOf(store)).ended).toHaveLength(2);
    });

    test("nor if the clock was corrected while no server ran", async () => {
      await step();
      await tick();
      await until("the record", async () => (await at.current.redis.exists(RECORD())) || undefined);
      await at.current.store.close();
      await at.current.clock.set(START_MS + MINUTE_MS);
      const store = await open();
      expect(steps).toEqual([]);
      expect((await tickOf(store)).ended).toEqual([]);
      await at.current.clock.advance(DAY_MS - MINUTE_MS);
      expect((await tickOf(store)).ended).toHaveLength(2);
    });

    test("if Redis lost the record of the step", async () => {
      await step();
      await tick();
      await until("the record", async () => (await at.current.redis.del(RECORD())) || undefined);
      await at.current.store.signOfLife();
      const store = await open();
      await tickOf(store);
      expect((await tickOf(store, [session(1)])).claimed).toHaveLength(1);
    });
  });

  test("is reported once", async () => {
    const steps: number[] = [];
    const store = at.current.openStore({ onClockStep: (ms) => steps.push(ms) });
    await until("the connection", () => store.ready || undefined);
    const { clock } = at.current;
    const tick = () => store.tick(QUEUE, { claimNumber: 1, sessions: [], settings: discarding });
    await tick();
    await clock.advance(26 * HOUR_MS);
    await tick();
    expect(steps).toEqual([]);
    await clock.set(clock.nowMs + STEP_MS);
    await tick();
    await tick();
    expect(steps).toHaveLength(1);
    expect(Math.abs((steps[0] ?? 0) - STEP_MS)).toBeLessThan(MINUTE_MS);
  });
});

test("a second step forward is reported, and held for a day of its own", () => {
  let nowMs = 0;
  let storeMs = START_MS;
  const steps: number[] = [];
  const clock = new LifeClock({
    now: () => nowMs,
    onStep: (ms) => steps.push(ms),
    onChange: () => {},
  });
  const pass = (ms: number) => {
    for (const endMs = nowMs + ms; nowMs < endMs; clock.observe(storeMs)) {
      nowMs += 30_000;
      storeMs += 30_000;
    }
  };
  const step = (ms: number) => {
    storeMs += ms;
    clock.observe(storeMs);
  };
  clock.observe(storeMs);
  step(2 * MINUTE_MS);
  pass(23 * HOUR_MS);
  const limitAtMs = clock.limitAtMs;
  step(365 * DAY_MS);
  expect(clock.steppedAtMs).toBe(storeMs);
  pass(DAY_MS - MINUTE_MS);
  expect(clock.limitAtMs).toBe(limitAtMs + DAY_MS - MINUTE_MS);
  pass(MINUTE_MS);
  expect(clock.limitAtMs).toBe(storeMs + MINUTE_MS);
  expect(steps).toEqual([2 * MINUTE_MS, 365 * DAY_MS]);
});

test.each([
  ["a minute", MINUTE_MS],
  ["five minutes", GENERATION_MS],
])("a step back of %s does not forget the answers of requests", async (_, ms) => {
  const { store, clock } = at.current;
  const sent = item({ requestId: "send" });
  const first = only(await store.send(QUEUE, [sent], SETTINGS));
  const claimed = only((await at.current.tick(QUEUE, [session(1)])).claimed);
  const settle = () => store.settle(QUEUE, bytes("settle"), [outcome(claimed, "failQuarantine")]);
  const retry = () => store.messages.retry(QUEUE, bytes("retry"), toRetry([claimed.id]));
  const settled = await settle();
  const retried = await retry();
  await clock.set(START_MS - ms);
  const before = await at.current.dump(QUEUE);
  expect(only(await store.send(QUEUE, [sent], SETTINGS))).toEqual({ ...first, repeated: true });
  expect((await settle())?.results).toEqual(settled?.results);
  expect(await retry()).toEqual(retried);
  expect(await at.current.dump(QUEUE)).toEqual(before);
});

test("a step back over midnight does not forget the numbers of sends", async () => {
  const { store, clock } = at.current;
  const send = async (number: number) => {
    const numbered = item({ number: { client: bytes("client".padEnd(16, ".")), number } });
    return only(await store.send(QUEUE, [numbered], SETTINGS)).status;
  };
  await clock.set(MIDNIGHT_MS);
  expect(await send(1)).toBe("stored");
  await clock.set(MIDNIGHT_MS - 1);
  expect([await send(1), await send(2)]).toEqual(["duplicate", "stored"]);
  await clock.set(MIDNIGHT_MS);
  expect([await send(1), await send(2)]).toEqual(["duplicate", "duplicate"]);
});

test("a step back over midnight does not forget the decisions about moves", async () => {
  const { store, clock } = at.current;
  await clock.set(MIDNIGHT_MS);
  await store.send("from", [item()], SETTINGS);
  const moved = only((await at.current.tick("from", [session(1)])).claimed);
  const move = { target: QUEUE, ifRefused: { delayMs: 0 } };
  await store.settle("from", NO_REQUEST, [outcome(moved, "failMove", { delayMs: 0, move })]);
  const moving = await store.moves.pending("from", { olderThanMs: 0 });
  const items = moving.map((message) => ({ message, limiterKey: "", orderingKey: "" }));
  const receive = () => store.moves.receive(QUEUE, "from", items, SETTINGS);
  expect(await receive()).toEqual(["RECEIVED"]);
  const arrived = only((await at.current.tick(QUEUE, [session(2)])).claimed);
  await store.settle(QUEUE, NO_REQUEST, [outcome(arrived, "succeed")]);
  await clock.set(MIDNIGHT_MS - 1);
  expect(await receive()).toEqual(["RECEIVED"]);
  expect((await at.current.dump(QUEUE)).messages.size).toBe(0);
});

test("a queue that is deleted after a step back leaves no answers and numbers", async () => {
  const { store, clock } = at.current;
  await clock.set(MIDNIGHT_MS);
  const number = { client: bytes("client".padEnd(16, ".")), number: 1 };
  const sent = item({ requestId: "r", number });
  await store.send(QUEUE, [sent], SETTINGS);
  await clock.set(MIDNIGHT_MS - 1);
  await store.deletion.seal(QUEUE, 1);
  while ((await store.deletion.purge(QUEUE)) === "removed");
  await store.deletion.remove(QUEUE);
  expect(await at.current.redis.keys(at.current.key(QUEUE, "*"))).toEqual([]);
});

test("a step back does not lengthen leases by the step", async () => {
  const { store, clock } = at.current;
  const count = 250;
  await store.send(
    QUEUE,
    Array.from({ length: count }, () => item()),
    SETTINGS,
  );
  const sessions = () => [session(1, { count })];
  const claims = [
    await at.current.tick(QUEUE, sessions()),
    await at.current.tick(QUEUE, sessions()),
  ];
  const [kept] = claims.flatMap(({ claimed }) => claimed);
  if (kept === undefined) throw new Error("nothing was claimed");
  await clock.set(START_MS - HOUR_MS);
  const token = tokenOf(kept);
  await store.extend(QUEUE, [{ token, leaseMs: 60_000 }]);
  // Each tick shortens a bounded number of them.
  for (let n = 0; n < 3; n++) await at.current.tick(QUEUE);
  await clock.advance(29_999);
  expect((await at.current.tick(QUEUE)).lost).toEqual([]);
  await clock.advance(1);
  const lost = [await at.current.tick(QUEUE), await at.current.tick(QUEUE)];
  expect(lost.flatMap((reply) => reply.lost)).toHaveLength(count - 1);
  await clock.advance(30_000);
  expect((await at.current.tick(QUEUE)).lost).toHaveLength(1);
});

test("leases behind long ones that fit are shortened after a step back", async () => {
  const { store, clock } = at.current;
  const lease = async (count: number, leaseMs: number) => {
    const items = Array.from({ length: count }, () => item());
    await store.send(QUEUE, items, SETTINGS);
    const { claimed } = await at.current.tick(QUEUE, [session(1, { count, leaseMs })]);
    expect(claimed).toHaveLength(count);
  };
  // More than a tick looks at.
  for (let n = 0; n < 2; n++) await lease(200, 12 * HOUR_MS);
  await clock.advance(HOUR_MS);
  await at.current.tick(QUEUE);
  await lease(1, 30_000);
  await clock.set(clock.nowMs - 10 * MINUTE_MS);
  await at.current.tick(QUEUE);
  // It steps back again before all were looked at.
  await clock.set(clock.nowMs - 10 * MINUTE_MS);
  for (let n = 0; n < 3; n++) await at.current.tick(QUEUE);
  await clock.advance(30_000);
  expect((await at.current.tick(QUEUE)).lost).toHaveLength(1);
});

test("after a step back, a server that died before is not alive for as long as the step", async () => {
  const { store, redis, prefix } = at.current;
  const { nodes } = globalKeys(prefix);
  await store.signOfLife();
  const [seconds] = await redis.time();
  // Its sign of life is from before the step.
  await redis.zadd(nodes, Number(seconds) * 1000 + DAY_MS, "dead");
  await store.signOfLife();
  const [laterSeconds] = await redis.time();
  const sign = Number(await redis.zscore(nodes, "dead"));
  expect(sign).toBeGreaterThanOrEqual(Number(seconds) * 1000);
  expect(sign).toBeLessThan((Number(laterSeconds) + 1) * 1000);
});

test("NaN is refused before anything is written", async () => {
  const { store } = at.current;
  await store.send(QUEUE, [item()], SETTINGS);
  const before = await at.current.dump(QUEUE);
  const broken = item({ delayMs: Number.NaN });
  await expect(store.send(QUEUE, [item(), broken], SETTINGS)).rejects.toMatchObject({
    kind: "INTERNAL",
  });
  expect(await at.current.dump(QUEUE)).toEqual(before);
});

test("fractions of milliseconds are rounded", async () => {
  const { store } = at.current;
  const reply = only(await store.send(QUEUE, [item({ delayMs: 1_000.4 })], SETTINGS));
  expect(reply).toMatchObject({ dueAtMs: START_MS + 1_000 });
});
