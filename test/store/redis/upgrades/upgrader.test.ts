// Servers of two layouts on one store: which end, which wait, and that no upgrade stays half done.

import { expect, test } from "vitest";
import type { RedisStore } from "../../../../src/store/redis/redis-store.ts";
import {
  LAYOUT,
  type Layout,
  STORAGE_VERSION,
} from "../../../../src/store/redis/storage-version.ts";
import type { Upgrade, UpgradeSteps } from "../../../../src/store/redis/upgrades/upgrade.ts";
import { until, useTestStore } from "../../../support/store.ts";
import { listedQueues } from "../../../support/store-dump.ts";
import { item, SETTINGS } from "../../../support/store-items.ts";

const QUEUE = "orders";
const NEXT = STORAGE_VERSION + 1;
const at = useTestStore();
const key = (name: string) => `${at.current.prefix}:${name}`;
const version = () => at.current.redis.get(key("version"));

/** Marks each queue, one step each. */
const MARK = "redis.call('INCR', KEYS[1])";

function nextLayout(run: Upgrade["run"] = mark): Layout {
  const upgrade = { from: STORAGE_VERSION, to: NEXT, what: "queues are marked", run };
  return { version: NEXT, upgrades: [...LAYOUT.upgrades, upgrade] };
}

async function mark(steps: UpgradeSteps): Promise<void> {
  const queues = await listedQueues(at.current.redis, steps.prefix);
  for (const queue of queues) await steps.run(MARK, `${steps.prefix}:mark:${queue}`);
}

const marks = async () => Number(await at.current.redis.get(key(`mark:${QUEUE}`)));
const ready = (store: RedisStore) => until("the store", () => store.ready || undefined);
const refusal = (store: RedisStore) =>
  new Promise<string>((resolve) => store.onRefused(({ message }) => resolve(message)));

/** A server of the next layout, and its messages while it waits. */
function openNext(run?: Upgrade["run"]): { store: RedisStore; lines: string[] } {
  const lines: string[] = [];
  const onError = ({ message }: Error) => void lines.push(message);
  const store = at.current.openStore({ layout: nextLayout(run), onError });
  return { store, lines };
}

test("the upgrades lead without a gap to this version's layout", () => {
  LAYOUT.upgrades.forEach(({ from, to }, index) => {
    expect(from).toBe(index + 1);
    expect(to).toBe(index + 2);
  });
  expect(LAYOUT.upgrades.at(-1)?.to).toBe(STORAGE_VERSION);
});

test("a running server ends when a newer one comes, which waits for it and then upgrades", async () => {
  const { store: old } = at.current;
  await old.send(QUEUE, [item()], SETTINGS);
  const { store: next, lines } = openNext();
  await until("its line in the log", () => lines.some((line) => line.includes("stop node-1")));
  expect(await version()).toBe(String(STORAGE_VERSION));

  const refused = refusal(old);
  await expect(old.signOfLife()).rejects.toMatchObject({ kind: "STORE_UNAVAILABLE" });
  expect(await refused).toMatch(/is upgraded to layout 5 by a newer server.*run the newer server/);
  expect(old.ready).toBe(false);
  await expect(old.send(QUEUE, [item()], SETTINGS)).rejects.toMatchObject({
    kind: "STORE_UNAVAILABLE",
  });
  expect(next.ready).toBe(false);
  expect(await marks()).toBe(0);

  await old.close();
  await ready(next);
  expect(await version()).toBe(String(NEXT));
  expect(await marks()).toBe(1);
  expect(await at.current.redis.exists(key("upgrade"))).toBe(0);
  await next.send(QUEUE, [item()], SETTINGS);
});

test("a server that was killed holds an upgrade up until it has been silent for long enough", async () => {
  const { store: old, redis } = at.current;
  const killedAt = Number(await redis.zscore(key("nodes"), "node-1"));
  await old.close();
  await redis.zadd(key("nodes"), killedAt, "node-killed");
  const { store: next, lines } = openNext();
  await until("its line in the log", () => lines.some((line) => line.includes("stop node-killed")));
  await redis.zadd(key("nodes"), killedAt - 10_000, "node-killed");
  await ready(next);
  expect(await version()).toBe(String(NEXT));
});

test("a server that was suspended confirms the layout before it continues", async () => {
  let nowMs = 0;
  const old = at.current.openStore({ now: () => nowMs });
  await ready(old);
  await at.current.store.send(QUEUE, [item()], SETTINGS);
  await at.current.redis.set(key("version"), NEXT);
  nowMs = 5_999; // Still within what it was confirmed for: others wait for that long.
  await old.send(QUEUE, [item()], SETTINGS);
  const before = await at.current.dump(QUEUE);

  nowMs = 6_000;
  const refused = refusal(old);
  const calls = [
    old.send(QUEUE, [item()], SETTINGS),
    old.stats([QUEUE]),
    old.leases(QUEUE, new Uint8Array(16)),
  ];
  const isUnavailable = { kind: "STORE_UNAVAILABLE" };
  await Promise.all(calls.map((call) => expect(call).rejects.toMatchObject(isUnavailable)));
  expect(await refused).toMatch(/is of layout 5 by a newer server/);
  expect(await at.current.dump(QUEUE)).toEqual(before);
});

test("a server that was suspended continues if nothing has changed", async () => {
  let nowMs = 0;
  const server = at.current.openStore({ now: () => nowMs });
  await ready(server);
  nowMs = 3_600_000;
  await server.send(QUEUE, [item()], SETTINGS);
  expect((await at.current.dump(QUEUE)).messages.size).toBe(1);
});

test("older servers don't start while an upgrade is announced, or has begun", async () => {
  const { store, redis } = at.current;
  await redis.set(key("upgrade"), `${NEXT} node-new`);
  await expect(store.open()).rejects.toThrow(/is upgraded to layout 5 by a newer server/);
  await redis.del(key("upgrade"));
  await redis.set(key("version"), `${STORAGE_VERSION}>${NEXT}`);
  await expect(store.open()).rejects.toThrow(/is upgraded to layout 5 by a newer server/);
});

test("of several servers one upgrades, once, and all serve then", async () => {
  await at.current.store.send(QUEUE, [item()], SETTINGS);
  await at.current.store.close();
  let running = 0;
  let most = 0;
  const slowly = async (steps: UpgradeSteps) => {
    most = Math.max(most, ++running);
    await mark(steps);
    for (let n = 0; n < 20; n++) await steps.run("return 0", `${steps.prefix}:mark:${QUEUE}`);
    running--;
  };
  const servers = Array.from({ length: 4 }, () => openNext(slowly));
  for (const { store } of servers) await ready(store);
  expect({ most, marks: await marks() }).toEqual({ most: 1, marks: 1 });
  expect(await version()).toBe(String(NEXT));
});

test("Redis refuses a call of an older server that arrives during the upgrade", async () => {
  const { redis } = at.current;
  const late = (await redis.script("LOAD", "return redis.call('SET', KEYS[1], 1)")) as string;
  await at.current.store.close();
  let refused: unknown;
  const { store: next } = openNext(async (steps) => {
    refused = await redis.evalsha(late, 1, key("late")).catch((error: unknown) => error);
    await mark(steps);
  });
  await ready(next);
  expect(String(refused)).toMatch(/NOSCRIPT/);
  expect(await redis.exists(key("late"))).toBe(0);
});

test("another server repeats a half-done upgrade from its beginning", async () => {
  const { redis } = at.current;
  await at.current.store.send(QUEUE, [item()], SETTINGS);
  await at.current.store.close();
  const half = Promise.withResolvers<void>();
  const killed = openNext(async (steps) => {
    await mark(steps);
    half.resolve();
    await new Promise(() => {}); // it never gets further
  });
  await half.promise;
  expect(await version()).toBe(`${STORAGE_VERSION}>${NEXT}`);
  await killed.store.close();

  const { store: next, lines } = openNext();
  await until("its line in the log", () =>
    lines.some((line) => line.includes("node-2 upgrades the data")),
  );
  expect(await marks()).toBe(1);
  await redis.pexpire(key("upgrade"), 1); // as after ten seconds
  await ready(next);
  expect(await marks()).toBe(2);
  expect(await version()).toBe(String(NEXT));
});

test.each([
  ["step", mark],
  ["page of keys", (steps: UpgradeSteps) => steps.scan("0", "any")],
] as const)("a server whose upgrade was taken over takes no further %s", async (_, take) => {
  await at.current.store.send(QUEUE, [item()], SETTINGS);
  await at.current.store.close();
  const lost = Promise.withResolvers<unknown>();
  const slow = openNext(async (steps) => {
    await at.current.redis.set(key("upgrade"), `${NEXT} node-other`);
    await take(steps).then(() => lost.resolve("it was taken"), lost.resolve);
  });
  expect(String(await lost.promise)).toMatch(/node-other upgrades the data to layout 5/);
  expect(await marks()).toBe(0);
  await slow.store.close();
});

test("a layout without an upgrade is refused and not changed", async () => {
  const { redis } = at.current;
  await at.current.store.close();
  const upgrades = [{ from: NEXT, to: NEXT + 1, what: "", run: mark }];
  const store = at.current.openStore({ layout: { version: NEXT + 1, upgrades } });
  expect(await refusal(store)).toMatch(/is of layout 4; this server upgrades from 5 on/);
  expect(await redis.get(key("version"))).toBe(String(STORAGE_VERSION));
});
