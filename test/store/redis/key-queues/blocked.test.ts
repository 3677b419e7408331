import { afterEach, expect, test } from "vitest";
import type { DeliverySettings } from "../../../../src/core/delivery-settings.ts";
import type { SendItem } from "../../../../src/store/contract.ts";
import { keyQueueSteps } from "../../../support/key-queue-steps.ts";
import { useTestStore } from "../../../support/store.ts";
import { session } from "../../../support/store-items.ts";

// A claim costs the same however many messages are blocked. The cost is the time of scripts that Redis reports,
// relative to a queue without messages, since machines differ.

const at = useTestStore();
// Invariants are not checked here: that would take longer than the test.
afterEach(() => at.current.redis.flushall());

const QUEUE = "blocked";
const { useSettings, send, claimNames } = keyQueueSteps(at, QUEUE);
const BLOCKED = 100_000;
const BATCH = 1_000;
const TICKS = 400;
/** Measured: 1.1 to 2.5. One look at each blocked message would be hundreds. */
const MOST_TIMES = 6;
const ROUNDS = 5;
const LIMIT = { timeout: 120_000 };

async function block(each: (n: number) => Partial<SendItem>): Promise<void> {
  for (let from = 0; from < BLOCKED; from += BATCH) {
    const some = Array.from({ length: BATCH }, (_, n) => ({ name: "blocked", ...each(from + n) }));
    await send(...some);
  }
}

/** Hands out what may go, until every key queue of a closed limiter is blocked. */
async function untilBlocked(): Promise<void> {
  for (;;) {
    const { claimed, nextDueAtMs, nowMs } = await at.current.tick(QUEUE, [
      session(1, { count: 200, leaseMs: 3_600_000 }),
    ]);
    if (claimed.length === 0 && (nextDueAtMs ?? Number.POSITIVE_INFINITY) > nowMs) return;
  }
}

async function usPerTick(queue: string): Promise<number> {
  const { redis } = at.current;
  const credit = { count: 16 };
  for (let n = 0; n < 50; n++) await at.current.tick(queue, [session(1, credit)]);
  await redis.config("RESETSTAT");
  for (let n = 0; n < TICKS; n++) await at.current.tick(queue, [session(1, credit)]);
  const [, us] =
    /cmdstat_evalsha:calls=\d+,usec=(\d+)/.exec(await redis.info("commandstats")) ?? [];
  return Number(us) / TICKS;
}

async function expectCheap(what: string): Promise<void> {
  await untilBlocked();
  let times = Number.POSITIVE_INFINITY;
  // Another round only if other load on the machine may have slowed one of the two.
  for (let round = 0; round < ROUNDS && times >= MOST_TIMES; round++) {
    const empty = await usPerTick("empty");
    const blocked = await usPerTick(QUEUE);
    times = blocked / empty;
    const words = `${blocked.toFixed(0)} us a tick, ${empty.toFixed(0)} us of an empty queue`;
    console.info(`${BLOCKED} messages behind ${what}: ${words}`);
  }
  expect(times).toBeLessThan(MOST_TIMES);
  // A message that is not blocked is delivered at once.
  await send({ name: "free" });
  expect(await claimNames({ count: 1 })).toEqual(["free"]);
}

const SETTINGS: Partial<DeliverySettings> = {
  keyAttribute: "host",
  keyMaxInFlight: 1,
  ordering: "key",
};

test("a closed key costs nothing, however many messages it blocks", LIMIT, async () => {
  useSettings(SETTINGS);
  await block(() => ({ limiterKey: "a" }));
  await expectCheap("one key");
});

test("10,000 closed keys cost nothing", LIMIT, async () => {
  useSettings(SETTINGS);
  await block((n) => ({ limiterKey: `key ${n % 10_000}` }));
  await expectCheap("10,000 keys");
});

test("10,000 messages behind ordering keys cost nothing", LIMIT, async () => {
  useSettings(SETTINGS);
  await block((n) => ({ orderingKey: `order ${n % 100}` }));
  await expectCheap("100 ordering keys");
});

test(
  "a claim with room for one finds what may go among thousands of keys that are closed",
  LIMIT,
  async () => {
    useSettings({ keyAttribute: "host", keyRate: { perSecond: 0.001, burst: 1 } });
    const closed = Array.from({ length: 2_000 }, (_, n) => ({
      name: "first",
      limiterKey: `key ${n}`,
    }));
    for (let from = 0; from < closed.length; from += BATCH) {
      await send(...closed.slice(from, from + BATCH));
    }
    await untilBlocked();
    for (let from = 0; from < closed.length; from += BATCH) {
      await send(...closed.slice(from, from + BATCH));
    }
    // Due before the open ones, and not found closed yet.
    await at.current.clock.advance(1);
    await send({ name: "open", limiterKey: "another" });
    let ticks = 0;
    for (let names: unknown[] = []; !names.includes("open"); ticks++) {
      names = await claimNames({ count: 1 });
      expect(ticks).toBeLessThan(100);
    }
  },
);
