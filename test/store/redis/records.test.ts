import { describe, expect, test } from "vitest";
import { LIMITS } from "../../../src/core/settings.ts";
import type { QueueChange, StoredRecord } from "../../../src/store/contract.ts";
import { partitionBase, partitionKeys } from "../../../src/store/redis/keys.ts";
import { partitionOf } from "../../../src/store/redis/partitions.ts";
import { until, useTestStore } from "../../support/store.ts";
import { readOutbox } from "../../support/store-outbox.ts";

const at = useTestStore();
const bytes = (text: string) => Uint8Array.from(Buffer.from(text));
const textOf = (queue: string, store = at.current.store) => {
  const record = store.configs.get(queue);
  return record && Buffer.from(record.bytes).toString();
};

/** Names of other queues in the partition of this one. */
function inPartitionOf(queue: string, count: number): string[] {
  const names: string[] = [];
  for (let n = 0; names.length < count; n++) {
    if (partitionOf(`q${n}`) === partitionOf(queue)) names.push(`q${n}`);
  }
  return names;
}

async function set(queue: string, text: string | undefined, store = at.current.store) {
  await store.configs.refresh();
  const seen = store.configs.get(queue);
  const done = await store.configs.replace(
    queue,
    seen,
    text === undefined ? text : () => bytes(text),
  );
  await store.configs.refresh();
  return done;
}

async function other() {
  const store = at.current.openStore();
  await until("the other's connection", () => store.ready || undefined);
  return store;
}

describe("records of queues", () => {
  test("a written record is seen here at once, and by other servers after a refresh", async () => {
    const elsewhere = await other();
    expect(await set("orders", "1")).toBe(true);
    expect(textOf("orders")).toBe("1");
    expect(textOf("orders", elsewhere)).toBeUndefined();
    await elsewhere.configs.refresh();
    expect(textOf("orders", elsewhere)).toBe("1");
    expect([...elsewhere.configs.names()]).toEqual(["orders"]);
  });

  test("a server has read all records before it can be used", async () => {
    await set("orders", "1");
    expect(textOf("orders", await other())).toBe("1");
  });

  test("only one of two concurrent writers succeeds", async () => {
    const elsewhere = await other();
    await set("orders", "1");
    await elsewhere.configs.refresh();
    const seen = elsewhere.configs.get("orders");
    await set("orders", "2");
    expect(await elsewhere.configs.replace("orders", seen, () => bytes("3"))).toBe(false);
    expect(await elsewhere.configs.replace("orders", undefined, () => bytes("3"))).toBe(false);
    await elsewhere.configs.refresh();
    expect(textOf("orders", elsewhere)).toBe("2");
  });

  test("a record is removed once", async () => {
    await set("orders", "1");
    const seen = at.current.store.configs.get("orders");
    expect(await at.current.store.configs.replace("orders", seen, undefined)).toBe(true);
    expect(await at.current.store.configs.replace("orders", seen, undefined)).toBe(false);
    await at.current.store.configs.refresh();
    expect(textOf("orders")).toBeUndefined();
    expect([...at.current.store.configs.names()]).toEqual([]);
  });

  test("each change is reported with its queue, and unchanged records keep their objects", async () => {
    await set("orders", "1");
    const kept = at.current.store.configs.get("orders");
    const changes: string[][] = [];
    at.current.store.configs.onChange((queues) => changes.push([...queues]));
    await set("mails", "1");
    await set("mails", "1");
    await at.current.store.configs.refresh();
    expect(changes).toEqual([["mails"]]);
    expect(at.current.store.configs.get("orders")).toBe(kept);
  });

  test("a change is hinted to all nodes", async () => {
    const elsewhere = at.current.openStore();
    const received: string[] = [];
    elsewhere.hints.onConfig((queue) => received.push(queue));
    await new Promise<void>((resolve) => elsewhere.hints.onReconnect(resolve));
    await set("orders", "1");
    await until("the hint", () => received.includes("orders") || undefined);
  });

  test("the limit refuses new records, and existing ones can change", async () => {
    const small = at.current.openStore({ maxQueues: 2 });
    await until("the connection", () => small.ready || undefined);
    await set("a", "1", small);
    await set("b", "1", small);
    await expect(set("c", "1", small)).rejects.toMatchObject({ kind: "LIMIT" });
    expect(await set("b", "2", small)).toBe(true);
    expect(await set("a", undefined, small)).toBe(true);
    expect(await set("c", "1", small)).toBe(true);
  });

  test("the limit in bytes refuses what grows, and records can shrink", async () => {
    const quarter = "x".repeat(LIMITS.queueConfigsBytes / 4);
    for (const name of ["a", "b", "c", "d"]) expect(await set(name, quarter)).toBe(true);
    await expect(set("e", "1")).rejects.toMatchObject({
      kind: "LIMIT",
      message: expect.stringMatching(/^the deployment has 33554433 bytes of settings.*; at most/),
    });
    await expect(set("a", `${quarter}1`)).rejects.toMatchObject({ kind: "LIMIT" });
    expect(await set("a", quarter.slice(1))).toBe(true);
    expect(await set("e", "1")).toBe(true);
    expect(await set("b", undefined)).toBe(true);
    expect(await set("a", quarter)).toBe(true);
  });

  test("records that are needed only for some time count for no limit, and go when that is over", async () => {
    const neededUntilMs = (record: Uint8Array) => {
      const text = Buffer.from(record.subarray(0, 40)).toString();
      return text.startsWith("until") ? Number(text.split(" ")[1]) : Number.POSITIVE_INFINITY;
    };
    const small = at.current.openStore({ maxQueues: 1, neededUntilMs });
    await until("the connection", () => small.ready || undefined);
    const needed = (untilMs: number) =>
      `until ${untilMs} `.padEnd(LIMITS.queueConfigsBytes / 2, "x");
    expect(await set("a", needed(1), small)).toBe(true);
    expect(await set("b", needed(Number.MAX_SAFE_INTEGER), small)).toBe(true);
    expect(await set("c", needed(1), small)).toBe(true);
    expect(await set("d", "1", small)).toBe(true);
    await expect(set("a", "1", small)).rejects.toMatchObject({ kind: "LIMIT" });
    expect([...small.configs.names()]).toEqual(["d"]);
    const changes: string[][] = [];
    small.configs.onChange((names) => changes.push([...names]));
    await small.configs.forget();
    await small.configs.refresh();
    const left = ["a", "b", "c", "d"].filter((name) => small.configs.get(name) !== undefined);
    expect(left).toEqual(["b", "d"]);
    expect(changes).toEqual([]);
  });

  test("thousands are read in steps", async () => {
    const count = 1_500;
    const names = Array.from({ length: count }, (_, n) => `q${n}`);
    for (const [partition, own] of Map.groupBy(names, partitionOf)) {
      const fields = own.flatMap((name) => [name, `record ${name.slice(1)}`]);
      const key = partitionKeys(at.current.prefix, partition).settings;
      await at.current.redis.hset(key, ...fields, "", "some revision", "/", "some revision");
    }
    await at.current.store.configs.refresh();
    expect([...at.current.store.configs.names()]).toHaveLength(count);
    expect(textOf("q1234")).toBe("record 1234");
  });

  test("a few changes are read without the other records", async () => {
    const elsewhere = await other();
    const [a, b, c, d] = inPartitionOf("orders", 4) as [string, string, string, string];
    for (const name of [a, b, c]) await set(name, "1");
    await elsewhere.configs.refresh();
    const kept = elsewhere.configs.get(b);
    await set(a, "2");
    await set(c, undefined);
    await set(d, "1");
    await set(a, "3");
    const changes: string[][] = [];
    elsewhere.configs.onChange((names) => changes.push([...names].sort()));
    await at.current.redis.config("RESETSTAT");
    await elsewhere.configs.refresh();
    expect(await at.current.redis.info("commandstats")).not.toContain("cmdstat_hscan");
    expect(changes).toEqual([[a, c, d].sort()]);
    const texts = [a, b, c, d].map((name) => textOf(name, elsewhere));
    expect(texts).toEqual(["3", "1", undefined, "1"]);
    expect(elsewhere.configs.get(b)).toBe(kept);
  });

  test("so are many changes, of which only the latest are stored", async () => {
    const elsewhere = await other();
    await set("a", "1");
    await elsewhere.configs.refresh();
    const others = inPartitionOf("a", 50);
    for (const name of others) await set(name, "1");
    await elsewhere.configs.refresh();
    expect([...elsewhere.configs.names()]).toHaveLength(51);
    const key = partitionKeys(at.current.prefix, partitionOf("a")).settings;
    expect((await at.current.redis.hget(key, ""))?.length).toBeLessThan(4_096);
  });

  test("a look without changes reads one small field of each hash, and copies nothing", async () => {
    await set("orders", "1");
    const { redis, store } = at.current;
    const bytes = async () =>
      Number(/total_net_output_bytes:(\d+)/.exec(await redis.info("stats"))?.[1]);
    const info = (await redis.info("stats")).length;
    const before = await bytes();
    await store.configs.refresh();
    expect((await bytes()) - before - 2 * info).toBeLessThan(256 * 40);
  });

  test("a change goes into the outbox with the record, if that is written", async () => {
    const { store } = at.current;
    const replace = (seen: StoredRecord | undefined, change: QueueChange) =>
      store.configs.replace("orders", seen, () => bytes(change), { changeAt: () => change });
    expect(await replace(undefined, "QUEUE_PAUSED")).toBe(true);
    expect(await replace(undefined, "QUEUE_RESUMED")).toBe(false);
    await store.configs.refresh();
    await at.current.clock.advance(1_000);
    expect(await replace(store.configs.get("orders"), "QUEUE_RESUMED")).toBe(true);
    const base = partitionBase(at.current.prefix, partitionOf("orders")).slice(0, -1);
    const entries = await readOutbox(at.current.redis, base);
    expect(entries).toMatchObject([
      { queue: "orders", first: 0, changes: [{ kind: "queue_paused", id: "0".repeat(32) }] },
      { queue: "orders", first: 1, atMs: at.current.clock.nowMs },
    ]);
    expect(entries[1]?.changes).toEqual([
      {
        ...{ kind: "queue_resumed", id: "0".repeat(32), version: 0, state: 0, reason: 0 },
        ...{ quarantineReason: 0, attempts: 0, deliveryNumber: 0, dueAtMs: 0, note: "" },
        fields: Buffer.alloc(0),
      },
    ]);
  });

  test("a damaged outbox refuses no change of settings", async () => {
    const { store, redis } = at.current;
    await redis.set(partitionKeys(at.current.prefix, partitionOf("orders")).outbox, "text");
    const also = { changeAt: () => "QUEUE_PAUSED" as const };
    expect(await store.configs.replace("orders", undefined, () => bytes("1"), also)).toBe(true);
    await store.configs.refresh();
    expect(textOf("orders")).toBe("1");
  });

  test("during an outage the copy stays in force; afterwards changes are read", async () => {
    await set("orders", "1");
    const elsewhere = await other();
    at.current.server.pause();
    try {
      await expect(elsewhere.configs.refresh()).rejects.toMatchObject({
        kind: "STORE_UNAVAILABLE",
      });
      expect(textOf("orders", elsewhere)).toBe("1");
    } finally {
      at.current.server.resume();
    }
    await until("the store is back", () => at.current.store.ready || undefined);
    await set("orders", "2");
    await until("the other store to have the record", async () => {
      await elsewhere.configs.refresh().catch(() => {});
      return textOf("orders", elsewhere) === "2" || undefined;
    });
  });
});
