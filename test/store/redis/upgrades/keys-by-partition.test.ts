// The upgrade from layout 3 to 4, on data that servers of layout 3 wrote.

import { beforeEach, expect, test } from "vitest";
import { queueBase } from "../../../../src/store/redis/keys.ts";
import {
  baseBeforePartitions,
  keysByPartition,
  queuesBeforePartitions,
} from "../../../../src/store/redis/upgrades/keys-by-partition.ts";
import type { StepArg, UpgradeSteps } from "../../../../src/store/redis/upgrades/upgrade.ts";
import { until, useTestStore } from "../../../support/store.ts";
import { dumpQueue, type QueueDump } from "../../../support/store-dump.ts";
import { contentsByName } from "../layouts/contents.ts";
import { becomeFixture, readFixture } from "../layouts/fixture.ts";

const LAYOUT_3 = readFixture("layout-3");
const at = useTestStore();
let queues: string[];

beforeEach(async () => {
  await becomeFixture(at.current, LAYOUT_3);
  const { redis, prefix } = at.current;
  queues = (await redis.smembers(queuesBeforePartitions(prefix))).toSorted();
});

const contents = () => contentsByName(at.current.redis, at.current.prefix);

const dumpAll = (baseOf: (prefix: string, queue: string) => string) =>
  Promise.all(
    queues.map(async (queue): Promise<[string, Omit<QueueDump, "wakeUps">]> => {
      const { redis, prefix } = at.current;
      const { wakeUps: _, ...dump } = await dumpQueue(redis, baseOf(prefix, queue));
      return [queue, dump];
    }),
  );

interface TestSteps extends UpgradeSteps {
  /** Each step that was taken. */
  readonly taken: (() => Promise<unknown>)[];
}

/** Steps that stop after so many. */
function stepsThatEnd(after: number): TestSteps {
  const { redis, prefix } = at.current;
  const taken: TestSteps["taken"] = [];
  return {
    taken,
    prefix,
    queues: () => redis.smembers(queuesBeforePartitions(prefix)),
    async scan(cursor: string, begin: string) {
      const [next, keys] = await redis.scanBuffer(cursor, "MATCH", `${begin}*`, "COUNT", 100);
      return { next: String(next), keys };
    },
    async fields(key: string, cursor: string) {
      const [next, fields] = await redis.hscanBuffer(key, cursor, "COUNT", 1);
      return { next: String(next), fields };
    },
    async run(script: string, key: string, ...args: readonly StepArg[]) {
      if (taken.length === after) throw new Error("killed");
      const step = () => redis.eval(script, 1, key, ...args);
      taken.push(step);
      return step();
    },
  };
}

const begin = () => at.current.redis.set(`${at.current.prefix}:version`, "3>4");

test("every key gets its name of layout 4, with its value and its end", async () => {
  const before = await contents();
  const dumps = await dumpAll(baseBeforePartitions);
  const { redis, prefix } = at.current;
  const next = at.current.openStore();
  const warnings = new Promise((resolve) => next.onReady(resolve));
  expect(await warnings).toContainEqual(expect.stringMatching(/from layout 3 to 4/));
  expect(await contents()).toEqual(before);
  expect(await dumpAll(queueBase)).toEqual(dumps);
  expect(await redis.get(`${prefix}:version`)).toBe("4");
  expect(await keysOfLayout3()).toEqual([]);
  const workers = queues.map((queue) => `${queueBase(prefix, queue)}:workers`);
  expect(await redis.exists(...workers)).toBe(0);
  expect(await redis.exists(`${prefix}:queues`)).toBe(0);
  expect((await next.queues()).toSorted()).toEqual(queues);
  // Each needs a tick.
  expect((await next.wakeUps.overdue()).queues.toSorted()).toEqual(queues);
  expect((await next.wakeUps.claimable(queues)).size).toBe(queues.length);
});

async function keysOfLayout3(): Promise<string[]> {
  const { redis, prefix } = at.current;
  return (await redis.keys(`${prefix}:{*`)).filter((key) => /^[^{]*\{[^/}]*\}/.test(key));
}

test("the upgrade may be killed after any step, and run again", async () => {
  const before = await contents();
  await begin();
  const whole = stepsThatEnd(Number.POSITIVE_INFINITY);
  await keysByPartition.run(whole);
  expect(await contents()).toEqual(before);
  expect(whole.taken.length).toBeGreaterThan(10);
  for (let after = 0; after < whole.taken.length; after++) {
    await becomeFixture(at.current, LAYOUT_3);
    await begin();
    const expected = await contents();
    await expect(keysByPartition.run(stepsThatEnd(after))).rejects.toThrow("killed");
    await keysByPartition.run(stepsThatEnd(Number.POSITIVE_INFINITY));
    expect(await contents()).toEqual(expected);
    expect(await keysOfLayout3()).toEqual([]);
  }
}, 300_000);

test("steps of a server that was suspended during the upgrade change nothing after it", async () => {
  const { store } = at.current;
  await begin();
  const suspended = stepsThatEnd(Number.POSITIVE_INFINITY);
  await keysByPartition.run(suspended);
  await at.current.redis.set(`${at.current.prefix}:version`, "3");
  await store.open();
  await until("the end of a deletion", async () => {
    await store.deletion.purge("deleting");
    return (await store.deletion.purge("deleting")) === "empty";
  });
  await store.deletion.remove("deleting");
  for (const queue of queues) await at.current.tick(queue);
  const before = await contents();
  const listed = await store.queues();
  expect(listed).not.toContain("deleting");
  const { queues: overdue } = await store.wakeUps.overdue();
  for (const late of suspended.taken) await late();
  expect(await contents()).toEqual(before);
  expect(await store.queues()).toEqual(listed);
  expect((await store.wakeUps.overdue()).queues).toEqual(overdue);
});
