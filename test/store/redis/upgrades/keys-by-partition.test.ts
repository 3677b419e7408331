// The upgrade from layout 3 to 4, on data of every kind of key.

import { expect, test } from "vitest";
import { keysByPartition } from "../../../../src/store/redis/upgrades/keys-by-partition.ts";
import type { StepArg, UpgradeSteps } from "../../../../src/store/redis/upgrades/upgrade.ts";
import { useTestStore } from "../../../support/store.ts";
import { listedQueues } from "../../../support/store-dump.ts";
import { item, SETTINGS, session } from "../../../support/store-items.ts";
import { becomeLayout3 } from "../layouts/layout-3.ts";

const QUEUES = ["orders", "a", "1c.0b", "due", "lane"];
const at = useTestStore();

/** Every key of queues with its value, as Redis dumps it, and its end; and the names of all queues. */
async function contents(): Promise<Map<string, string>> {
  const { redis, prefix } = at.current;
  const queues = await listedQueues(redis, prefix);
  const found = new Map([["queues", queues.toSorted().join()]]);
  for (const key of await redis.keysBuffer(`${prefix}:{*}:*`)) {
    const dump = await redis.dumpBuffer(key);
    const ttl = (await redis.pexpiretime(key)) as number;
    found.set(key.toString("hex"), `${dump?.toString("hex")} ${ttl}`);
  }
  return found;
}

async function fill(): Promise<void> {
  const { store } = at.current;
  for (const queue of QUEUES) {
    const items = [
      item({ dedupKey: "{x}:y\n", requestId: "r" }),
      item({ orderingKey: "{o}", priority: 2 }),
      // Its key ends as that of another kind.
      item({ orderingKey: "x}:a:meta" }),
      item({ limiterKey: "k:{1}", sourceId: "s" }),
      item({ ttlMs: 60_000 }),
    ];
    await store.send(queue, items, SETTINGS);
    await at.current.tick(queue, [session(1, { count: 1 })]);
  }
}

/** Steps that stop after so many. */
function stepsThatEnd(after: number): UpgradeSteps & { readonly count: number } {
  const { redis, prefix } = at.current;
  const steps = {
    count: 0,
    prefix,
    queues: () => redis.smembers(`${prefix}:queues`),
    async scan(cursor: string, begin: string) {
      const [next, keys] = await redis.scanBuffer(cursor, "MATCH", `${begin}*`, "COUNT", 20);
      return { next: String(next), keys };
    },
    async run(script: string, key: string, ...args: readonly StepArg[]) {
      if (steps.count === after) throw new Error("killed");
      steps.count++;
      return redis.eval(script, 1, key, ...args);
    },
  };
  return steps;
}

test("every key of every queue gets its name of layout 4, with its value and its end", async () => {
  await fill();
  const before = await contents();
  const { store, redis, prefix } = at.current;
  await store.close();
  await becomeLayout3(redis, prefix);
  expect(await redis.keys(`${prefix}:{*/*`)).toEqual([]);
  const next = at.current.openStore();
  const warnings = new Promise((resolve) => next.onReady(resolve));
  expect(await warnings).toContainEqual(expect.stringMatching(/from layout 3 to 4/));
  expect(await contents()).toEqual(before);
  expect(await redis.exists(`${prefix}:queues`)).toBe(0);
  expect((await next.queues()).toSorted()).toEqual(QUEUES.toSorted());
  // Each needs a tick.
  expect((await next.wakeUps.overdue()).queues.toSorted()).toEqual(QUEUES.toSorted());
  expect((await next.wakeUps.claimable(QUEUES)).size).toBe(QUEUES.length);
});

test("the upgrade may be killed after any step, run again, and run late", async () => {
  await fill();
  const before = await contents();
  const { redis, prefix } = at.current;
  const whole = stepsThatEnd(Number.POSITIVE_INFINITY);
  await becomeLayout3(redis, prefix);
  await keysByPartition.run(whole);
  expect(await contents()).toEqual(before);
  expect(whole.count).toBeGreaterThan(2);
  for (let after = 0; after < whole.count; after++) {
    await becomeLayout3(redis, prefix);
    await expect(keysByPartition.run(stepsThatEnd(after))).rejects.toThrow("killed");
    await keysByPartition.run(stepsThatEnd(Number.POSITIVE_INFINITY));
    expect(await contents()).toEqual(before);
  }
  await keysByPartition.run(stepsThatEnd(Number.POSITIVE_INFINITY));
  expect(await contents()).toEqual(before);
});
