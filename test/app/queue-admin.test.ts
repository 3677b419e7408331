import { create, toBinary } from "@bufbuild/protobuf";
import {
  durationFromMs,
  durationMs,
  type Timestamp,
  timestampFromMs,
} from "@bufbuild/protobuf/wkt";
import { beforeEach, describe, expect, test } from "vitest";
import { QueueRecordSchema } from "../../gen/dlq/storage/v1/queue_pb.ts";
import {
  PauseSchema,
  type QueueConfig,
  QueueConfigSchema,
  TtlAction,
} from "../../gen/dlq/v1/queue_pb.ts";
import { Deletions } from "../../src/app/queues/deletion.ts";
import {
  createQueueAdmin,
  type QueueAdmin,
  type QueuePage,
} from "../../src/app/queues/queue-admin.ts";
import { SettingsInForce } from "../../src/app/queues/settings-in-force.ts";
import { encodeQueueRecord } from "../../src/codec/queue-record.ts";
import { resolveQueue } from "../../src/config/resolve-queue.ts";
import { DEFAULT_QUEUE_SETTINGS, LIMITS } from "../../src/core/settings.ts";
import { readQueueConfig } from "../../src/rpc/convert/queue-config.ts";
import { partitionKeys } from "../../src/store/redis/keys.ts";
import { partitionOf } from "../../src/store/redis/partitions.ts";
import { useTestStore } from "../support/store.ts";
import { item, SETTINGS } from "../support/store-items.ts";

const at = useTestStore();
const warned: object[] = [];
const logged: object[] = [];
const quiet = {
  isLevelEnabled: () => false,
  debug() {},
  info: (facts: object, msg: string) => void logged.push({ msg, ...facts }),
  warn: (f: object) => void warned.push(f),
};
let inForce: SettingsInForce;
let admin: QueueAdmin;
let resolved: number;
beforeEach(() => {
  resolved = 0;
  warned.length = 0;
  logged.length = 0;
  inForce = new SettingsInForce({
    store: at.current.store,
    configured: () => DEFAULT_QUEUE_SETTINGS,
    resolve(_queue, own) {
      resolved++;
      return resolveQueue(DEFAULT_QUEUE_SETTINGS, readQueueConfig(own).layer, []);
    },
    log: quiet,
  });
  const { store } = at.current;
  const deletions = new Deletions({ store, inForce, log: quiet });
  admin = createQueueAdmin({ store, inForce, deletions, check: () => {}, log: quiet });
});

const ttl = (seconds: number) => (present: QueueConfig) => ({
  ...present,
  ttl: durationFromMs(seconds * 1_000),
});
const update = (apply: (present: QueueConfig) => QueueConfig, etag = "", queue = "orders") =>
  admin.update({ queue, etag, apply });

describe("an update", () => {
  test("applies to the next decision and is decoded once", async () => {
    expect(inForce.of("orders").ttlMs).toBe(DEFAULT_QUEUE_SETTINGS.ttlMs);
    const view = await update(ttl(60));
    expect(view).toMatchObject({ name: "orders", exists: false, settings: { ttlMs: 60_000 } });
    for (let n = 0; n < 100; n++) expect(inForce.of("orders").ttlMs).toBe(60_000);
    expect(resolved).toBe(1);
    expect(inForce.of("others")).toBe(DEFAULT_QUEUE_SETTINGS);
  });

  test("changes the etag only if it changes something", async () => {
    const first = await update(ttl(60));
    expect(first.etag).not.toBe("");
    expect(first.updatedAtMs).toBeGreaterThan(Date.now() - 60_000);
    expect((await update(ttl(60))).etag).toBe(first.etag);
    const second = await update(ttl(70), first.etag);
    expect(second.etag).not.toBe(first.etag);
    expect((await admin.get("orders")).etag).toBe(second.etag);
  });

  test("with an outdated etag is refused and changes nothing", async () => {
    const first = await update(ttl(60));
    await update(ttl(70));
    await expect(update(ttl(80), first.etag)).rejects.toMatchObject({ kind: "STALE_ETAG" });
    expect((await admin.get("orders")).settings.ttlMs).toBe(70_000);
  });

  test("can be repeated with the old etag after a lost answer", async () => {
    const first = await update(ttl(60));
    const second = await update(ttl(70), first.etag);
    expect(await update(ttl(70), first.etag)).toMatchObject({ etag: second.etag });
  });

  test("that removes all settings leaves no record", async () => {
    await update(ttl(60));
    const view = await update(() => create(QueueConfigSchema));
    expect(view).toMatchObject({ etag: "", updatedAtMs: undefined });
    expect([...at.current.store.configs.names()]).toEqual([]);
    expect((await admin.list(10, "")).queues).toEqual([]);
  });

  test("logs which fields it changed, a pause with its reason and end, and a resume", async () => {
    await update(ttl(60));
    await update(ttl(60));
    const untilAtMs = 1_900_000_000_000;
    const pause = { paused: true, reason: "down", until: timestampFromMs(untilAtMs) };
    await update((present) => ({ ...present, pause: create(PauseSchema, pause) }));
    await update((present) => ({
      ...present,
      pause: create(PauseSchema, { paused: false }),
      ttlAction: TtlAction.DISCARD,
    }));
    const queue = "orders";
    expect(logged).toEqual([
      { msg: "queue updated", queue, changed: ["ttl"] },
      { msg: "queue paused", queue, reason: "down", until: "2030-03-17T17:46:40.000Z" },
      { msg: "queue resumed", queue },
      { msg: "queue updated", queue, changed: ["ttl_action"] },
    ]);
  });

  test("that pauses or resumes a queue is in the outbox, also before its first message", async () => {
    const pause = (over: { paused: boolean; until?: Timestamp }) => (present: QueueConfig) => ({
      ...present,
      pause: create(PauseSchema, over),
    });
    const seen = async () => (await at.current.dump("orders")).changes.map(({ kind }) => kind);
    await update(ttl(60));
    await update(pause({ paused: false }));
    expect(await seen()).toEqual([]);
    await update(pause({ paused: true }));
    await update(ttl(70));
    await update(pause({ paused: true, until: timestampFromMs(Date.now() + 60_000) }));
    expect(await seen()).toEqual(["queue_paused"]);
    await update(pause({ paused: false }));
    // It has ended by itself.
    await update(pause({ paused: true, until: timestampFromMs(Date.now() - 60_000) }));
    await update(pause({ paused: false }));
    expect(await seen()).toEqual(["queue_paused", "queue_resumed"]);
    const { etag } = await update(pause({ paused: true }));
    await admin.delete({ queue: "orders", expectedCount: 0, etag });
    expect(await seen()).toEqual(["queue_paused", "queue_resumed", "queue_paused"]);
  });

  test("to a retention that removes quarantined messages at once warns, and how many there are", async () => {
    const retention = (seconds: number) => (present: QueueConfig) => ({
      ...present,
      quarantineRetention: durationFromMs(seconds * 1_000),
    });
    const { store, clock } = at.current;
    await store.send("orders", [item({ quarantineReason: "PRODUCER_REQUEST" })], SETTINGS);
    await clock.advance(60_000);
    await store.send("orders", [item({ quarantineReason: "PRODUCER_REQUEST" })], SETTINGS);
    await update(retention(61));
    await update(retention(3_600));
    await update(ttl(60));
    expect(warned).toEqual([]);
    await update(retention(60));
    expect(warned).toEqual([{ queue: "orders", quarantined: 2, oldestMs: 60_000 }]);
    await update(retention(90));
    expect(warned).toHaveLength(1);
  });

  test("of one field keeps concurrent changes of others", async () => {
    const action = (present: QueueConfig) => ({ ...present, ttlAction: TtlAction.DISCARD });
    await Promise.all([update(ttl(60)), update(action)]);
    expect((await admin.get("orders")).settings).toMatchObject({
      ttlMs: 60_000,
      ttlAction: "discard",
    });
  });
});

describe("the size of a configuration", () => {
  const reason = (bytes: number) => (present: QueueConfig) => ({
    ...present,
    pause: create(PauseSchema, { paused: true, reason: "x".repeat(bytes) }),
  });

  test("is bounded", async () => {
    await update(reason(LIMITS.queueConfigBytes - 100));
    const error = await update(reason(LIMITS.queueConfigBytes)).catch((e: unknown) => e);
    expect(error).toMatchObject({
      detail: { kind: "INVALID", violations: [{ field: "queue.config" }] },
      message: expect.stringMatching(
        /^queue.config: has \d+ bytes with what is set already; at most 65536 are allowed$/,
      ),
    });
    expect((await admin.get("orders")).config.pause?.reason).toHaveLength(
      LIMITS.queueConfigBytes - 100,
    );
  });

  test("may shrink if an earlier version accepted more", async () => {
    const large = reason(2 * LIMITS.queueConfigBytes)(create(QueueConfigSchema));
    const { configs } = at.current.store;
    await configs.replace("orders", undefined, () => encodeQueueRecord(large, "e", 1));
    await expect(update(reason(3 * LIMITS.queueConfigBytes))).rejects.toMatchObject({
      kind: "INVALID",
    });
    await update(reason(2 * LIMITS.queueConfigBytes - 1));
    expect((await admin.get("orders")).etag).not.toBe("e");
  });
});

describe("a record of another version", () => {
  async function store(bytes: Uint8Array) {
    const { configs } = at.current.store;
    await configs.replace("orders", configs.get("orders"), () => bytes);
    await configs.refresh();
  }

  test("keeps its unknown fields", async () => {
    const config = create(QueueConfigSchema, { ttl: durationFromMs(60_000) });
    config.$unknown = [{ no: 900, wireType: 0, data: Uint8Array.of(7) }];
    await store(toBinary(QueueRecordSchema, create(QueueRecordSchema, { config, etag: "e" })));
    const view = await update((present) => ({ ...present, ttlAction: TtlAction.DISCARD }), "e");
    expect(view.config.$unknown).toMatchObject([{ no: 900 }]);
    expect(view.settings).toMatchObject({ ttlMs: 60_000, ttlAction: "discard" });
  });

  test("applies except for values that cannot be read", async () => {
    const config = create(QueueConfigSchema, {
      ttl: durationFromMs(60_000),
      ttlAction: 99 as never,
    });
    await store(toBinary(QueueRecordSchema, create(QueueRecordSchema, { config, etag: "e" })));
    expect(inForce.of("orders")).toMatchObject({ ttlMs: 60_000, ttlAction: "quarantine" });
  });

  test("that is damaged is logged once and can be replaced", async () => {
    await store(Uint8Array.of(255, 255, 255));
    const redact = ["payload", "attribute:*"];
    expect(inForce.of("orders")).toEqual({ ...DEFAULT_QUEUE_SETTINGS, redact });
    expect(inForce.of("orders")).toBe(inForce.of("orders"));
    expect(warned).toMatchObject([{ queue: "orders" }]);
    expect((await update(ttl(60))).settings.ttlMs).toBe(60_000);
  });

  test("that is damaged can be removed", async () => {
    await store(Uint8Array.of(255, 255, 255));
    expect((await admin.get("orders")).etag).toBe("unreadable");
    expect((await update((present) => present)).etag).toBe("");
    expect((await admin.list(10, "")).queues).toEqual([]);
    expect(logged).toEqual([expect.objectContaining({ msg: "queue updated", changed: [] })]);
  });
});

test("queues are listed by name, page by page, with those that only have settings", async () => {
  for (const queue of ["b", "d", "a"]) await at.current.store.send(queue, [item({})], SETTINGS);
  await update(ttl(60), "", "c");
  await update(ttl(60), "", "a");
  const first = await admin.list(3, "");
  expect(first.queues.map(({ name, exists }) => [name, exists])).toEqual([
    ["a", true],
    ["b", true],
    ["c", false],
  ]);
  expect(first.next).toBe("c");
  const rest = await admin.list(3, first.next ?? "");
  expect(rest).toMatchObject({ queues: [{ name: "d" }], next: undefined });
  expect(durationMs((await admin.get("a")).config.ttl as never)).toBe(60_000);
});

test("a page of the list reads few names, however many queues there are", async () => {
  const { redis, prefix } = at.current;
  const names = Array.from({ length: 2_000 }, (_, n) => `tenant-${String(n).padStart(4, "0")}`);
  const adding = redis.pipeline();
  for (const name of names) adding.zadd(partitionKeys(prefix, partitionOf(name)).queues, 0, name);
  await adding.exec();
  await update(ttl(60), "", "tenant-1000-only-set");
  const listed: string[] = [];
  for (let after: string | undefined = "tenant-0990"; after !== undefined; ) {
    const page: QueuePage = await admin.list(500, after);
    listed.push(...page.queues.map(({ name }) => name));
    after = page.next;
  }
  const expected = [...names, "tenant-1000-only-set"].filter((name) => name > "tenant-0990");
  expect(listed).toEqual(expected.toSorted());
  await redis.config("RESETSTAT");
  await admin.list(10, "tenant-0500");
  const sent = /total_net_output_bytes:(\d+)/.exec(await redis.info("stats"))?.[1];
  expect(Number(sent)).toBeLessThan(20_000);
});
