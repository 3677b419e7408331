// What a queue hid stays hidden in the changes that the outbox has from that time.

import { create } from "@bufbuild/protobuf";
import { beforeEach, expect, test } from "vitest";
import { type QueueConfig, QueueConfigSchema } from "../../gen/dlq/v1/queue_pb.ts";
import { EventMaker } from "../../src/app/events/event-maker.ts";
import { Deletions } from "../../src/app/queues/deletion.ts";
import { neededUntilMs } from "../../src/app/queues/past-redact.ts";
import { createQueueAdmin, type QueueAdmin } from "../../src/app/queues/queue-admin.ts";
import { SettingsInForce } from "../../src/app/queues/settings-in-force.ts";
import { encodeEventFields } from "../../src/codec/event-fields.ts";
import { emptyQueueConfig, encodeQueueRecord } from "../../src/codec/queue-record.ts";
import { resolveQueue } from "../../src/config/resolve-queue.ts";
import type { DlqEvent } from "../../src/core/event.ts";
import { DEFAULT_QUEUE_SETTINGS, type QueueSettings } from "../../src/core/settings.ts";
import { DAY_MS } from "../../src/core/time-units.ts";
import { startConfigWatch } from "../../src/loops/config-watch.ts";
import { readQueueConfig } from "../../src/rpc/convert/queue-config.ts";
import { partitionKeys } from "../../src/store/redis/keys.ts";
import { partitionOf } from "../../src/store/redis/partitions.ts";
import type { RedisStore, RedisStoreOptions } from "../../src/store/redis/redis-store.ts";
import { START_MS, until, useTestStore } from "../support/store.ts";
import { bytes, item, SETTINGS } from "../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";
const log = { isLevelEnabled: () => false, debug() {}, info() {}, warn() {} };
const NAMES = ["card", "tenant"];
const SHOWN = { card: "4111", tenant: "acme" };
const HIDDEN = { tenant: "acme" };

/** What a server has that uses this store. */
function serverOn(store: RedisStore, configured: QueueSettings = DEFAULT_QUEUE_SETTINGS) {
  const inForce = new SettingsInForce({
    ...{ store, log, configured: () => configured },
    resolve: (_, own) => resolveQueue(configured, readQueueConfig(own).layer, []),
  });
  const deletions = new Deletions({ store, inForce, log });
  const admin = createQueueAdmin({ store, inForce, deletions, check() {}, log });
  const makers = [true, false].map(
    (isShared) => new EventMaker({ store, redactOf: inForce.redactOf, isShared }),
  );
  return { store, inForce, admin, makers };
}
type Server = ReturnType<typeof serverOn>;

let server: Server;
let admin: QueueAdmin;
beforeEach(async () => {
  server = await otherServer();
  ({ admin } = server);
});

async function otherServer(
  configured?: QueueSettings,
  options?: Partial<RedisStoreOptions>,
): Promise<Server> {
  const store = at.current.openStore({ neededUntilMs, ...options });
  await until("its connection", () => store.ready || undefined);
  return serverOn(store, configured);
}

async function send(queue = QUEUE): Promise<void> {
  const source = { sourceId: "", attribute: (name: string) => SHOWN[name as keyof typeof SHOWN] };
  const eventFields = encodeEventFields(NAMES, source) as Uint8Array;
  await at.current.store.send(queue, [item({ eventFields })], SETTINGS);
}
const set = (config: Parameters<typeof create<typeof QueueConfigSchema>>[1], queue = QUEUE) =>
  admin.update({
    ...{ queue, etag: "" },
    apply: (present): QueueConfig => ({ ...present, ...create(QueueConfigSchema, config) }),
  });
const redact = (...entries: string[]) => set({ redact: { entries } });
const remove = (expectedCount: number, queue = QUEUE) =>
  admin.delete({ queue, expectedCount, etag: "" });

/** The attributes of the events that a server makes of all sends, in their order: for watches and for NATS. */
async function shownBy(
  { store, makers }: Server,
  queue = QUEUE,
): Promise<DlqEvent["attributes"][]> {
  await store.configs.refresh();
  const partition = store.outbox.partitionOf(queue);
  const page = await store.outbox.read(partition, undefined);
  const changes = (page?.items ?? []).filter((one) => "kind" in one);
  const [watched = [], published = []] = await Promise.all(
    makers.map((maker) => maker.eventsOf(changes, new Set(["message_added"] as const))),
  );
  expect(published).toEqual(watched);
  return watched.map(({ attributes }) => attributes);
}

test("after a deletion, also to a server that starts later", async () => {
  await send();
  expect(await shownBy(server)).toEqual([SHOWN]);
  await redact("attribute:card");
  await remove(1);
  expect(await shownBy(server)).toEqual([HIDDEN]);
  expect(await shownBy(await otherServer())).toEqual([HIDDEN]);
});

test("a queue that is created again hides only what the deleted one hid", async () => {
  await send();
  await redact("attribute:card");
  await remove(1);
  await send();
  expect(await shownBy(server)).toEqual([HIDDEN, SHOWN]);
  await set({ maxMessages: 5n });
  await send();
  expect(await shownBy(server)).toEqual([HIDDEN, SHOWN, SHOWN]);
  await admin.update({ queue: QUEUE, etag: "", apply: emptyQueueConfig });
  expect(await shownBy(server)).toEqual([HIDDEN, SHOWN, SHOWN]);
  await redact("attribute:tenant");
  await remove(2);
  await send();
  expect(await shownBy(await otherServer())).toEqual([{}, {}, {}, SHOWN]);
});

test("also if the clock has stepped back before the deletion", async () => {
  await send();
  await redact("attribute:card");
  await at.current.clock.advance(-60_000);
  await remove(1);
  await send();
  expect(await shownBy(server)).toEqual([HIDDEN, SHOWN]);
});

test("on a server whose own configuration hides less than that of the one that deletes", async () => {
  const strict = await otherServer({ ...DEFAULT_QUEUE_SETTINGS, redact: ["attribute:card"] });
  await send();
  await set({ maxMessages: 5n });
  await strict.admin.delete({ queue: QUEUE, expectedCount: 1, etag: "" });
  expect(await shownBy(server)).toEqual([HIDDEN]);
});

test("everything, if the settings could not be read", async () => {
  for (const end of [() => remove(1), () => redact("attribute:card")]) {
    await send();
    const { configs } = server.store;
    await configs.replace(QUEUE, configs.get(QUEUE), () => bytes("damaged"));
    await configs.refresh();
    await end();
  }
  await send();
  expect(await shownBy(server)).toEqual([{}, {}, HIDDEN]);
});

test("after an update by which the queue hides less", async () => {
  await send();
  await redact("attribute:card");
  await send();
  await redact("attribute:tenant");
  await send();
  await redact();
  await send();
  expect(await shownBy(server)).toEqual([{}, {}, {}, SHOWN]);
});

test("in changes that come until the update is written", async () => {
  const { store, inForce } = server;
  const { configs } = store;
  const late: typeof configs = Object.create(configs, {
    get: { value: (name: string) => configs.get(name) },
    refresh: { value: () => configs.refresh() },
    replace: {
      async value(...args: Parameters<typeof configs.replace>) {
        await send();
        return configs.replace(...args);
      },
    },
  });
  const slow: RedisStore = Object.create(store, {
    configs: { value: late },
    outbox: { value: store.outbox },
    hasQueue: { value: (name: string) => store.hasQueue(name) },
  });
  const deletions = new Deletions({ store, inForce, log });
  await redact("attribute:card");
  const slowAdmin = createQueueAdmin({ store: slow, inForce, deletions, check() {}, log });
  await slowAdmin.update({ queue: QUEUE, etag: "", apply: emptyQueueConfig });
  await send();
  expect(await shownBy(server)).toEqual([HIDDEN, SHOWN]);
});

test("also if the outbox is damaged, which stops neither updates nor deletions", async () => {
  const { outbox, outboxEnd } = partitionKeys(at.current.prefix, partitionOf(QUEUE));
  const change = { queue: QUEUE, epochMs: START_MS, number: 1 };
  for (const end of [() => remove(0), () => redact()]) {
    await redact("attribute:card");
    await at.current.redis.set(outbox, "text");
    await at.current.redis.del(outboxEnd);
    await end();
    await server.store.configs.refresh();
    expect(server.inForce.redactOf(change)).toEqual(["attribute:card"]);
  }
});

test("everything, once the entries are too large to be kept", async () => {
  await send();
  const long = (of: string) => `/${of}/`.padEnd(256, "x");
  const hide = async (count: number) => {
    await redact(...Array.from({ length: count }, (_, n) => long(`${n}`)), "attribute:card");
    await redact();
  };
  await hide(15);
  expect(await shownBy(server)).toEqual([HIDDEN]);
  await hide(16);
  expect(await shownBy(server)).toEqual([{}]);
  expect(server.store.configs.get(QUEUE)?.bytes.length).toBeLessThan(100);
});

test("everything, of a queue that is deleted after many others, if its entries are long", async () => {
  const deleteAnother = async (queue: string, ...entries: string[]) => {
    await send(queue);
    await set({ redact: { entries } }, queue);
    await remove(1, queue);
    return shownBy(server, queue);
  };
  const long = `/${"x".repeat(60)}/`;
  expect(await deleteAnother("first", "attribute:card", long)).toEqual([HIDDEN]);
  for (let n = 1; n < 1_000; n++) await deletedAgo(`deleted-${n}`, 1);
  await server.store.configs.refresh();
  expect(await deleteAnother("long", "attribute:card", long)).toEqual([{}]);
  expect(await deleteAnother("short", "attribute:card")).toEqual([HIDDEN]);
});

test("a deleted queue is not listed, and has no settings", async () => {
  await redact("attribute:card");
  await remove(0);
  expect(await admin.list(10, "")).toEqual({ queues: [], next: undefined });
  expect(await admin.get(QUEUE)).toMatchObject({ etag: "", exists: false });
  expect((await admin.get(QUEUE)).settings.redact).toEqual([]);
  expect(await remove(0)).toBe(0);
});

test("a deleted queue is not counted, until it has settings again", async () => {
  const { admin, store } = await otherServer(undefined, { maxQueues: 1 });
  const setOnly = (queue: string) =>
    admin.update({ queue, etag: "", apply: (present) => ({ ...present, maxMessages: 5n }) });
  await redact("attribute:card");
  await remove(0);
  await setOnly("invoices");
  await expect(setOnly("refunds")).rejects.toMatchObject({ kind: "LIMIT" });
  await expect(setOnly(QUEUE)).rejects.toMatchObject({ kind: "LIMIT" });
  expect([...store.configs.names()]).toEqual(["invoices"]);
});

/** What a queue leaves that was deleted some days ago. */
async function deletedAgo(queue: string, days: number): Promise<void> {
  await server.store.configs.replace(queue, undefined, (nowMs) => {
    const endedAtMs = nowMs - days * DAY_MS;
    const past = { entries: ["attribute:card"], epochMs: 1, next: 1, endedAtMs };
    return encodeQueueRecord(emptyQueueConfig(), "", nowMs, past);
  });
}

test("what deleted queues hid is forgotten after three days, without another deletion", async () => {
  await deletedAgo("early", 3.1);
  await deletedAgo("late", 2.9);
  const { configs } = server.store;
  const watch = startConfigWatch(server.store, Math.random);
  await until("the earlier one to be forgotten", async () => {
    await configs.refresh();
    return configs.get("early") === undefined || undefined;
  });
  await watch.stop();
  expect(configs.get("late")).toBeDefined();
});

test("settings that another server has set are not forgotten", async () => {
  const other = await otherServer();
  await deletedAgo(QUEUE, 4);
  await server.store.configs.refresh();
  await other.admin.update({
    ...{ queue: QUEUE, etag: "" },
    apply: (present) => ({ ...present, maxMessages: 7n }),
  });
  await server.store.configs.forget();
  await other.store.configs.refresh();
  expect(other.inForce.of(QUEUE).maxMessages).toBe(7);
});

test("a deleted queue that hid nothing leaves nothing", async () => {
  await set({ maxMessages: 5n });
  await remove(0);
  await server.store.configs.refresh();
  expect(server.store.configs.get(QUEUE)).toBeUndefined();
});
