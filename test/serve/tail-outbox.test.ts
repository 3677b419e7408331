import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { QueueConfigSchema } from "../../gen/dlq/v1/queue_pb.ts";
import type { TailOptions } from "../../src/cli/cli.ts";
import { decodeEventFields, encodeEventFields } from "../../src/codec/event-fields.ts";
import { encodeQueueRecord } from "../../src/codec/queue-record.ts";
import type { Config } from "../../src/config/config.ts";
import { DEFAULT_QUEUE_SETTINGS } from "../../src/core/settings.ts";
import { tailOutbox } from "../../src/serve/tail-outbox.ts";
import { OUTBOX_START, type OutboxItem } from "../../src/store/contract/outbox.ts";
import { partitionOf } from "../../src/store/redis/partitions.ts";
import { useTestStore } from "../support/store.ts";
import { item, NO_REQUEST, outcome, SETTINGS, session } from "../support/store-items.ts";

const at = useTestStore();

/** The settings that the command uses. */
const config = (over: Partial<Config> = {}) =>
  ({
    redisUrl: `unix://${at.current.server.socketPath}`,
    redisPrefix: at.current.prefix,
    redisTimeoutMs: 1_000,
    redisSentinels: [],
    dataDir: "/nonexistent",
    ...over,
  }) as unknown as Config;

async function tail(over: Partial<TailOptions> = {}, settings = config()): Promise<OutboxItem[]> {
  const shown: OutboxItem[] = [];
  const options = { queue: undefined, all: false, follow: false, warn() {} };
  await tailOutbox(settings, { ...options, show: (one) => shown.push(one), ...over });
  return shown;
}
const queues = (items: readonly OutboxItem[]) =>
  items.map((one) => ("queue" in one ? one.queue : one));

async function send(queue: string, count = 1): Promise<void> {
  for (let n = 0; n < count; n++) await at.current.store.send(queue, [item()], SETTINGS);
}

test("shows the last 20 changes of all queues, or of one", async () => {
  await send("orders", 15);
  await at.current.clock.advance(1);
  await send("invoices", 10);
  expect(queues(await tail())).toEqual([
    ...Array<string>(10).fill("orders"),
    ...Array<string>(10).fill("invoices"),
  ]);
  expect(await tail({ queue: "orders" })).toHaveLength(15);
  expect(await tail({ queue: "nobody" })).toEqual([]);
});

test("finds the changes of a queue behind those of another one in its partition", async () => {
  const neighbour = Array.from({ length: 10_000 }, (_, n) => `queue-${n}`).find(
    (name) => partitionOf(name) === partitionOf("orders"),
  ) as string;
  await send("orders", 2);
  await send(neighbour, 250);
  expect(queues(await tail({ queue: "orders" }))).toEqual(["orders", "orders"]);
});

test("warns if there is nothing to show", async () => {
  await send("orders");
  const warnings: string[] = [];
  const warn = (text: string) => warnings.push(text);
  await tail({ queue: "nobody", warn });
  expect(warnings).toEqual(["no state change of nobody is stored"]);
});

test("with all, begins with the oldest", async () => {
  await send("orders", 250);
  expect(await tail({ all: true })).toHaveLength(250);
});

test("with follow, goes on with new changes", async () => {
  await send("orders");
  const { promise, resolve } = Promise.withResolvers<OutboxItem>();
  let count = 0;
  const show = (one: OutboxItem) => {
    count++;
    if (count === 1) void send("invoices");
    if (count === 2) resolve(one);
  };
  const following = tail({ follow: true, show });
  expect(await Promise.race([promise, following])).toMatchObject({ queue: "invoices" });
});

test("hides the notes of workers of queues that redact, by configuration or UpdateQueue", async () => {
  const { store, clock } = at.current;
  const redact = (queue: string) => (queue === "configured" ? ["/a"] : []);
  const settings = config({
    queueSettings: (queue) => ({ ...DEFAULT_QUEUE_SETTINGS, redact: redact(queue) }),
  });
  const updated = create(QueueConfigSchema, { redact: { entries: ["/a"] } });
  const record = encodeQueueRecord(updated, "1", 0);
  await store.configs.replace("updated", undefined, () => record);
  for (const queue of ["configured", "updated", "open"]) await send(queue);
  await clock.advance(1);
  for (const queue of ["configured", "updated", "open"]) {
    const { claimed } = await at.current.tick(queue, [session(2)]);
    const note = "Mrs. Smith";
    await store.settle(
      queue,
      NO_REQUEST,
      claimed.map((one) => outcome(one, "quarantine", { note })),
    );
  }
  const notes = (await tail({}, settings)).flatMap((one) =>
    "kind" in one && one.kind === "QUARANTINED" ? [`${one.queue}: ${one.note}`] : [],
  );
  expect(notes.toSorted()).toEqual([
    ...["configured: [redacted]", "open: Mrs. Smith", "updated: [redacted]"],
  ]);
});

test("shows the group of a failure that joins a message which its worker quarantined", async () => {
  const settings = config({
    queueSettings: () => ({ ...DEFAULT_QUEUE_SETTINGS, redact: ["/a"] }),
  });
  const { store } = at.current;
  const digest = Buffer.alloc(16, 1);
  const joining = { dedupKey: "k", group: { digest, describe: () => new Uint8Array() } };
  const { group: _, ...first } = joining;
  await store.send("orders", [item(first)], SETTINGS);
  const { claimed } = await at.current.tick("orders", [session(2)]);
  const outcomes = claimed.map((one) => outcome(one, "quarantine", { note: "Mrs. Smith" }));
  await store.settle("orders", NO_REQUEST, outcomes);
  await store.send("orders", [item(joining)], SETTINGS);
  const notes = (await tail({}, settings)).flatMap((one) =>
    "kind" in one && one.note !== "" ? [[one.kind, one.note]] : [],
  );
  expect(notes).toEqual([
    ["QUARANTINED", "[redacted]"],
    ["GROUP_OPENED", digest.toString("hex")],
  ]);
});

test("leaves out attributes that their queue hides by now", async () => {
  const settings = config({ queueSettings: () => DEFAULT_QUEUE_SETTINGS });
  const updated = create(QueueConfigSchema, { redact: { entries: ["attribute:card"] } });
  const record = encodeQueueRecord(updated, "1", 0);
  const common = { sourceId: "s-1", action: undefined };
  const names = ["Card", "source_id", "tenant"];
  const attributes: Record<string, string> = { Card: "4111", tenant: "acme" };
  const source = { sourceId: "s-1", attribute: (name: string) => attributes[name] };
  const eventFields = encodeEventFields(names, source);
  for (const queue of ["orders", "open"]) {
    await at.current.store.send(queue, [item({ ...(eventFields && { eventFields }) })], SETTINGS);
  }
  await at.current.store.configs.replace("orders", undefined, () => record);
  const shown = (await tail({}, settings)).flatMap((one) =>
    "kind" in one ? [[one.queue, decodeEventFields(one.fields)]] : [],
  );
  expect(Object.fromEntries(shown)).toEqual({
    open: { ...common, attributes: { Card: "4111", tenant: "acme" } },
    orders: { ...common, attributes: { tenant: "acme" } },
  });
});

test("hides what a queue hid when the change was made", async () => {
  const settings = config({ queueSettings: () => DEFAULT_QUEUE_SETTINGS });
  const source = { sourceId: "", attribute: () => "4111" };
  const eventFields = encodeEventFields(["card"], source) as Uint8Array;
  const { store } = at.current;
  await store.send("orders", [item({ eventFields })], SETTINGS);
  const [position = OUTBOX_START] = await store.outbox.ends([partitionOf("orders")]);
  const { epochMs, next } = position;
  const past = { entries: ["attribute:card"], epochMs, next, endedAtMs: 0 };
  await store.configs.replace("orders", undefined, () =>
    encodeQueueRecord(create(QueueConfigSchema), "", 0, past),
  );
  await store.send("orders", [item({ eventFields })], SETTINGS);
  const attributes = (await tail({}, settings)).map((one) =>
    "kind" in one ? decodeEventFields(one.fields).attributes : one,
  );
  expect(attributes).toEqual([{}, { card: "4111" }]);
});

test("says what to do if there is no Redis or no data", async () => {
  const missing = config({ redisUrl: "unix:///nonexistent/redis.sock" });
  await expect(tail({}, missing)).rejects.toThrow(/^Redis cannot be reached at .*ENOENT/);
  const { redisUrl: _, ...embedded } = missing;
  await expect(tail({}, embedded as Config)).rejects.toThrow(
    /start the server with this data-dir first, or name an external Redis with --redis-url$/,
  );
  await expect(tail({}, config({ redisPrefix: "empty" }))).rejects.toThrow(
    'there is no data under the prefix "empty"; this command reads layout 4',
  );
});
