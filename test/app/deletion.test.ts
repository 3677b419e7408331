import { create } from "@bufbuild/protobuf";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { QueueConfigSchema } from "../../gen/dlq/v1/queue_pb.ts";
import type { SendCommand } from "../../src/app/commands.ts";
import { SessionRegistry } from "../../src/app/delivery/session-registry.ts";
import { Deletions } from "../../src/app/queues/deletion.ts";
import { SettingsInForce } from "../../src/app/queues/settings-in-force.ts";
import { createSend } from "../../src/app/send.ts";
import { encodeQueueRecord } from "../../src/codec/queue-record.ts";
import { DlqError } from "../../src/core/errors.ts";
import { DEFAULT_QUEUE_SETTINGS } from "../../src/core/settings.ts";
import { Tender } from "../../src/loops/tender.ts";
import { NO_METRICS } from "../../src/observe/metrics.ts";
import { queueBase } from "../../src/store/redis/keys.ts";
import { factsWith } from "../rules/facts.ts";
import { until, useTestStore } from "../support/store.ts";
import { bytes, item, SETTINGS, session } from "../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";
const log = { isLevelEnabled: () => false, debug() {}, info() {}, warn() {} };
const settingsOf = () => DEFAULT_QUEUE_SETTINGS;
let deletions: Deletions;
let tender: Tender | undefined;
beforeEach(() => {
  const { store } = at.current;
  const inForce = new SettingsInForce({
    store,
    configured: settingsOf,
    resolve: settingsOf,
    log,
  });
  deletions = new Deletions({ store, inForce, log });
});
afterEach(async () => {
  await tender?.stop();
  tender = undefined;
});

const send = (count: number) =>
  at.current.store.send(
    QUEUE,
    Array.from({ length: count }, () => item()),
    SETTINGS,
  );
const remove = (expectedCount: number, etag = "") =>
  deletions.delete({ queue: QUEUE, expectedCount, etag });
const keys = () => at.current.redis.keys(`${queueBase(at.current.prefix, QUEUE)}:*`);
const isGone = async () => ((await keys()).length === 0 ? true : undefined);

async function set(etag: string) {
  const { configs } = at.current.store;
  const config = create(QueueConfigSchema, { maxMessages: 5n });
  await configs.replace(QUEUE, configs.get(QUEUE), () => encodeQueueRecord(config, etag, 0));
  await configs.refresh();
}

test("a deletion removes messages, settings and name of a queue", async () => {
  await send(700);
  await set("one");
  await set("another");
  expect(await remove(700)).toBe(700);
  expect(await keys()).toEqual([]);
  expect(await at.current.store.queues()).toEqual([]);
  expect(at.current.store.configs.get(QUEUE)).toBeUndefined();
});

test("a queue that has only settings is deleted too", async () => {
  await set("anything");
  expect(await remove(0)).toBe(0);
  expect(at.current.store.configs.get(QUEUE)).toBeUndefined();
  expect(await keys()).toEqual([]);
});

test("a queue with another number of messages, or with messages in flight, is not deleted", async () => {
  await send(2);
  await expect(remove(0)).rejects.toMatchObject({
    kind: "PRECONDITION",
    message: expect.stringContaining("orders holds 2 messages: set expected_count to 2 to remove"),
  });
  await expect(remove(3)).rejects.toMatchObject({
    kind: "PRECONDITION",
    message: expect.stringContaining(
      "expected_count is 3; check them with Stats, then set it to 2",
    ),
  });
  await at.current.tick(QUEUE, [session(1, { count: 1 })]);
  await expect(remove(2)).rejects.toMatchObject({
    kind: "PRECONDITION",
    message: expect.stringContaining(
      "orders has 1 in flight; pause it, and wait for their outcomes",
    ),
  });
  await send(1);
  expect((await at.current.dump(QUEUE)).messages.size).toBe(3);
});

test("a deletion is safe to repeat, with any expected count", async () => {
  await send(3);
  expect(await remove(3)).toBe(3);
  expect(await remove(3)).toBe(0);
  expect(await remove(3, "the etag of before")).toBe(0);
  expect(await keys()).toEqual([]);
});

test("the deletion of a queue that never was removes nothing, and is no deletion", async () => {
  const lines: string[] = [];
  const { store } = at.current;
  const noting = { ...log, info: (_: object, line: string) => lines.push(line) };
  const parts = { configured: settingsOf, resolve: settingsOf, log };
  const onDeleted = vi.fn();
  const inForce = new SettingsInForce({ store, ...parts });
  const others = new Deletions({ store, inForce, log: noting, onDeleted });
  expect(await others.delete({ queue: "never", expectedCount: 0, etag: "" })).toBe(0);
  expect(await at.current.redis.keys(`${queueBase(at.current.prefix, "never")}:*`)).toEqual([]);
  expect([lines, onDeleted.mock.calls]).toEqual([[], []]);
  await send(1);
  await others.delete({ queue: QUEUE, expectedCount: 1, etag: "" });
  expect([lines, onDeleted.mock.calls.length]).toEqual([["deleting queue", "queue deleted"], 1]);
});

test("a late deletion does not touch a new queue of the same name", async () => {
  await send(3);
  await remove(3);
  await send(1);
  await set("of the new life");
  await deletions.resume(QUEUE);
  expect(at.current.store.configs.get(QUEUE)).toBeDefined();
  expect(await at.current.store.queues()).toEqual([QUEUE]);
  expect((await at.current.dump(QUEUE)).messages.size).toBe(1);
});

test("concurrent deletions wait for one run and get the same result", async () => {
  await send(1_500);
  expect(await Promise.all([remove(1_500), remove(1_500)])).toEqual([1_500, 1_500]);
});

test("a deletion with an outdated etag changes nothing", async () => {
  await send(1);
  await expect(remove(1, "e")).rejects.toMatchObject({ kind: "STALE_ETAG" });
  await send(1);
});

/** The state after a server died in the first steps. */
async function leaveHalfDone() {
  await send(700);
  await at.current.store.deletion.seal(QUEUE, 700);
  await at.current.store.deletion.purge(QUEUE);
}

test("another server finishes the deletion of a server that died", async () => {
  await leaveHalfDone();
  await at.current.clock.advance(4_000);
  const { store } = at.current;
  tender = new Tender({
    ...{ store, settingsOf, log, registry: new SessionRegistry(store.hints) },
    observer: NO_METRICS,
    onDeleting: deletions.resume,
  });
  tender.start();
  await until("the end of the deletion", isGone);
  await until("its name to go", async () => (await store.queues()).length === 0 || undefined);
});

test("a send finishes the deletion of a server that died and is accepted after it", async () => {
  await leaveHalfDone();
  const command: SendCommand = {
    ...{ priority: 0, orderingKey: "", attribute: () => undefined },
    payload: () => undefined,
    ruleFacts: () => factsWith({ queue: QUEUE }).message,
    ...{ requestId: "r", queue: QUEUE, payloadBytes: 1, sourceId: "", dedupKey: "", retry: {} },
    ...{ delayMs: 0, dueAtMs: undefined, ttlMs: undefined, payloadHash: bytes("") },
    encodeEnvelope: () => bytes("e"),
    failure: {
      ...{ reason: "TIMEOUT" as const, type: "", message: "" },
      ...{
        stackTrace: "",
        fingerprint: "",
        grpcCode: undefined,
        httpStatus: undefined,
        attributes: {},
      },
      encode: () => bytes("f"),
    },
  };
  const sending = createSend({
    ...{ store: at.current.store, settingsOf, log },
    random: () => 0.5,
    now: Date.now,
    observer: NO_METRICS,
    onDeleting: deletions.resume,
  });
  const [refused] = await sending([command]);
  expect(refused).toBeInstanceOf(DlqError);
  expect(refused).toMatchObject({ kind: "QUEUE_DELETING" });
  await until("a send to be taken", async () => {
    const [result] = await sending([command]);
    return result instanceof DlqError ? undefined : true;
  });
  expect(await at.current.store.queues()).toEqual([QUEUE]);
  expect((await at.current.dump(QUEUE)).messages.size).toBe(1);
});
