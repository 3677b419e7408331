import { afterEach, beforeEach, expect, test } from "vitest";
import { EventMaker } from "../../src/app/events/event-maker.ts";
import type { EventPublisher } from "../../src/app/events/event-publisher.ts";
import { encodeEventFields } from "../../src/codec/event-fields.ts";
import { DEFAULT_EVENT_TYPES, type DlqEvent, type GapNotice } from "../../src/core/event.ts";
import { OutboxPublisher } from "../../src/loops/outbox-publisher.ts";
import type { SharedReader } from "../../src/store/contract.ts";
import { partitionKeys } from "../../src/store/redis/keys.ts";
import { partitionOf } from "../../src/store/redis/partitions.ts";
import type { RedisStore } from "../../src/store/redis/redis-store.ts";
import { until, useTestStore } from "../support/store.ts";
import { item, SETTINGS } from "../support/store-items.ts";

const at = useTestStore();
const started: OutboxPublisher[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((one) => one.stop()));
});

/** Keeps what it is given, and fails while `fails` is set. */
class KeepingPublisher implements EventPublisher {
  readonly events: DlqEvent[] = [];
  readonly gaps: GapNotice[] = [];
  tries = 0;
  gapTries = 0;
  fails = false;
  /** Takes gaps also while it fails. */
  takesGaps = false;
  /** Fails behind this many events of a call. */
  failsBehind = Infinity;

  async publish(events: readonly DlqEvent[]): Promise<void> {
    this.tries++;
    if (this.fails) throw new Error("it does not answer");
    this.events.push(...events.slice(0, this.failsBehind));
    if (events.length > this.failsBehind) throw new Error("it is full");
  }

  async publishGap(gap: GapNotice): Promise<void> {
    this.gapTries++;
    if (this.fails && !this.takesGaps) throw new Error("it does not answer");
    this.gaps.push(gap);
  }

  async close(): Promise<void> {}

  /** Message ids in the order of their first event of this type. */
  idsOf(type: DlqEvent["type"], queue: string): string[] {
    const own = this.events.filter((event) => event.type === type && event.queue === queue);
    return [...new Set(own.map(({ messageId }) => messageId))];
  }
}

/** Lines of the log and missed changes of all publishers of a test. */
const noted = { lines: [] as { facts: object; message: string }[], missed: 0 };
beforeEach(() => {
  Object.assign(noted, { lines: [], missed: 0 });
});

interface PublishOptions {
  readonly store?: RedisStore;
  readonly backlogBytes?: number;
  readonly reader?: SharedReader;
  readonly redact?: readonly string[];
}

async function publish(
  publisher: EventPublisher,
  { store = at.current.store, backlogBytes = 64 * 1024 * 1024, ...more }: PublishOptions = {},
) {
  const { reader = store.outbox.sharedReader("nats"), redact = [] } = more;
  const add = (facts: object, message: string) => void noted.lines.push({ facts, message });
  const publishing = new OutboxPublisher({
    ...{ store, publisher, reader },
    maker: new EventMaker({ store, redactOf: () => redact, isShared: false }),
    types: new Set(DEFAULT_EVENT_TYPES),
    backlogBytes: () => backlogBytes,
    observer: {
      ...{ eventsPublished() {}, eventPublishFailed() {} },
      eventsMissed: (count) => {
        noted.missed += count;
      },
    },
    log: { warn: add, info: add },
    now: Date.now,
  });
  started.push(publishing);
  await publishing.start();
  return publishing;
}

async function send(queue: string, count = 1, store = at.current.store): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    const [reply] = await store.send(queue, [item()], SETTINGS);
    if (reply?.status === "stored") ids.push(Buffer.from(reply.id).toString("hex"));
  }
  return ids;
}

const plain = (id: string) => id.replaceAll("-", "");

test("publishes what happens after its start, in the order of each queue", async () => {
  const publisher = new KeepingPublisher();
  await send("orders");
  await publish(publisher);
  const orders = await send("orders", 20);
  const invoices = await send("invoices", 20);
  await until("all events", () => publisher.events.length >= 80 || undefined);
  expect(publisher.idsOf("message_added", "orders").map(plain)).toEqual(orders);
  expect(publisher.idsOf("message_added", "invoices").map(plain)).toEqual(invoices);
  expect(new Set(publisher.events.map(({ id }) => id)).size).toBe(80);
});

test("published events do not have what a queue hides", async () => {
  const publisher = new KeepingPublisher();
  await publish(publisher, { redact: ["attribute:card"] });
  const values: Record<string, string> = { card: "4111", tenant: "acme" };
  const source = { sourceId: "", attribute: (name: string) => values[name] };
  const eventFields = encodeEventFields(Object.keys(values), source) as Uint8Array;
  await at.current.store.send("orders", [item({ eventFields })], SETTINGS);
  const event = await until("an event", () => publisher.events[0]);
  expect(event.attributes).toEqual({ tenant: "acme" });
});

test("what could not be published is published later, in order, also by another server", async () => {
  const failing = new KeepingPublisher();
  failing.fails = true;
  const first = await publish(failing);
  const ids = await send("orders", 50);
  await until("a failure", () => failing.tries > 1 || undefined);
  expect(first.failingMs).toBeGreaterThan(0);
  await first.stop();

  const store = at.current.openStore();
  await until("its connection", () => store.ready || undefined);
  const publisher = new KeepingPublisher();
  await publish(publisher, { store });
  await until("all events", () => publisher.events.length >= 100 || undefined);
  expect(publisher.idsOf("message_added", "orders").map(plain)).toEqual(ids);
});

test("after a failure in the middle it goes on, and repeats only what may not be there", async () => {
  const publisher = new KeepingPublisher();
  await publish(publisher);
  publisher.failsBehind = 3;
  const ids = await send("orders", 10);
  await until("a failure", () => publisher.tries > 0 || undefined);
  publisher.failsBehind = Infinity;
  await until(
    "all events",
    () => publisher.idsOf("retry_scheduled", "orders").length === 10 || undefined,
  );
  expect(publisher.idsOf("message_added", "orders").map(plain)).toEqual(ids);
});

/** Another queue of the partition of a queue. */
function neighborOf(queue: string): string {
  const names = Array.from({ length: 10_000 }, (_, n) => `neighbor-${n}`);
  return names.find((name) => partitionOf(name) === partitionOf(queue)) ?? "";
}

/** The data now. The returned function brings it back as a failover does. */
async function remembered(): Promise<() => Promise<void>> {
  const { redis, prefix } = at.current;
  const kept = await redis.keys(`${prefix}*`);
  const dumps = await Promise.all(kept.map((name) => redis.dumpBuffer(name)));
  return async () => {
    const restoring = redis.multi().del(await redis.keys(`${prefix}*`));
    for (const [index, name] of kept.entries()) restoring.restore(name, 0, dumps[index] as Buffer);
    await restoring.exec();
    await redis.call("CLIENT", "KILL", "TYPE", "normal");
  };
}

const undoneIn = ({ gaps }: KeepingPublisher) =>
  gaps.map(({ queue, undone }) => `${queue}: ${undone}`).toSorted();

test.each([
  ["in a partition of others", neighborOf("orders"), [`${neighborOf("orders")}: 1`, "orders: 1"]],
  ["alone in its partition", "invoices", ["invoices: 1"]],
])(
  "what Redis has lost is announced also to a queue that it has lost, %s",
  async (_, lost, gaps) => {
    const publisher = new KeepingPublisher();
    await publish(publisher);
    const published = (queue: string) =>
      until("an event", () => publisher.idsOf("message_added", queue).length > 0 || undefined);
    await send("orders");
    await published("orders");
    const rollBack = await remembered();
    await send(lost);
    await published(lost);
    await rollBack();
    await until("the gaps", () => publisher.gaps.length === gaps.length || undefined);
    expect(undoneIn(publisher)).toEqual(gaps);
  },
);

test("what is undone is announced once it can be, although the partition is another server's by then", async () => {
  const publisher = new KeepingPublisher();
  let triesBefore = Infinity;
  let isOthers = false;
  const reader = new Proxy(at.current.store.outbox.sharedReader("nats"), {
    get(target, name: keyof SharedReader) {
      if (name !== "assigned") return target[name].bind(target);
      return async () => {
        if (!isOthers) return target.assigned();
        triesBefore = Math.min(triesBefore, publisher.gapTries);
        return new Set<number>();
      };
    },
  });
  await publish(publisher, { reader });
  const rollBack = await remembered();
  await send("orders");
  await until("the event", () => publisher.events.length > 0 || undefined);
  publisher.fails = true;
  isOthers = true;
  await rollBack();
  await until("two tries after that", () => publisher.gapTries > triesBefore + 1 || undefined);
  publisher.fails = false;
  await until("the notice", () => publisher.gaps.length > 0 || undefined);
  expect(undoneIn(publisher)).toEqual(["orders: 1"]);
});

test("events that were removed before they could be published are announced", async () => {
  const store = at.current.openStore({ outboxMaxBytes: 16 * 1024 });
  await until("its connection", () => store.ready || undefined);
  const publisher = new KeepingPublisher();
  publisher.fails = true;
  const first = await publish(publisher, { store });
  await first.stop();
  await send("orders", 1_000, store);
  publisher.fails = false;
  await publish(publisher, { store });
  await until("the gap", () => publisher.gaps.length > 0 || undefined);
  await until("the last events", () => publisher.events.length > 100 || undefined);
  const [gap] = publisher.gaps;
  expect(gap).toMatchObject({ queue: "orders", undone: 0 });
  await until(
    "all others",
    () =>
      (gap?.missed ?? 0) + publisher.idsOf("message_added", "orders").length === 1_000 || undefined,
  );
});

test("what waits is known while it cannot be published, also by the next server", async () => {
  const publisher = new KeepingPublisher();
  publisher.fails = true;
  const first = await publish(publisher);
  expect(first.backlog).toEqual({ bytes: 0, sinceMs: undefined });
  const beforeMs = Date.now();
  await at.current.clock.set(beforeMs);
  await send("orders", 20);
  await until("the backlog", () => first.backlog.bytes > 1_000 || undefined);
  await first.stop();
  const publishing = await publish(publisher);
  await send("orders");
  const { sinceMs = 0 } = await until(
    "the backlog again",
    () => (publishing.backlog.bytes > 1_000 && publishing.backlog) || undefined,
  );
  // The age is by the clock of Redis, which is this one.
  expect(Math.abs(sinceMs - beforeMs)).toBeLessThan(500);
  publisher.fails = false;
  await until("nothing waits", () => publishing.waitingPartitions === 0 || undefined);
  expect(publishing.backlog).toEqual({ bytes: 0, sinceMs: undefined });
});

test("what is removed while it cannot be published is counted at once, and only then", async () => {
  const store = at.current.openStore({ outboxMaxBytes: 16 * 1024 });
  await until("its connection", () => store.ready || undefined);
  const publisher = new KeepingPublisher();
  publisher.fails = true;
  const publishing = await publish(publisher, { store, backlogBytes: 24 * 1024 });
  await send("orders", 1_000, store);
  const removals = () => noted.lines.filter(({ message }) => message.includes("were removed"));
  await until("the line of the log", () => removals().length > 0 || undefined);
  expect(publisher.gaps).toEqual([]);
  publisher.fails = false;
  await until(
    "the end",
    () => noted.lines.some(({ message }) => message.endsWith("published again")) || undefined,
  );
  const missed = publisher.gaps.reduce((sum, gap) => sum + gap.missed, 0);
  expect([noted.missed, publishing.missed.count]).toEqual([missed, missed]);
  expect(publisher.idsOf("message_added", "orders").length + missed).toBe(1_000);
  expect(removals()).toHaveLength(1);
  expect(removals()[0]?.facts).toMatchObject({ queues: ["orders"] });
  const facts = { published: publisher.events.length, missed };
  expect(noted.lines.at(-1)).toMatchObject({ facts });
});

test("a gap that grows before what follows it is published has another id", async () => {
  const publisher = new KeepingPublisher();
  [publisher.fails, publisher.takesGaps] = [true, true];
  const publishing = await publish(publisher);
  await send("orders", 20);
  await until("a failure", () => publishing.failingMs > 0 || undefined);
  const trimTo = (count: number) =>
    at.current.redis.xtrim(
      partitionKeys(at.current.prefix, partitionOf("orders")).outbox,
      "MAXLEN",
      count,
    );
  await trimTo(15);
  await until("a notice", () => publisher.gaps.length > 0 || undefined);
  await trimTo(10);
  await until("the next one", () => publisher.gaps.some(({ missed }) => missed > 5) || undefined);
  const ids = new Map(publisher.gaps.map(({ id, missed }) => [missed, id]));
  expect([...ids.keys()]).toEqual([5, 10]);
  expect(new Set(ids.values()).size).toBe(2);
});

test("a failure of its own steps is logged once, and shown until it ends", async () => {
  const publisher = new KeepingPublisher();
  let isDamaged = true;
  const reader = new Proxy(at.current.store.outbox.sharedReader("nats"), {
    get(target, name: keyof SharedReader) {
      if (name !== "assigned") return target[name].bind(target);
      return isDamaged ? () => Promise.reject(new Error("damaged")) : () => target.assigned();
    },
  });
  const publishing = await publish(publisher, { reader });
  await until("the error", () => publishing.error);
  expect(publishing.error?.message).toBe("damaged");
  await send("orders");
  isDamaged = false;
  await until("an event", () => publisher.events.length > 0 || undefined);
  expect(publishing.error).toBeUndefined();
  expect(noted.lines).toMatchObject([{ facts: { error: "damaged" } }]);
});

test("a failure ends when nothing waits any more", async () => {
  const publisher = new KeepingPublisher();
  publisher.fails = true;
  const publishing = await publish(publisher);
  await send("orders", 3);
  await until("a failure", () => publishing.failingMs > 0 || undefined);
  // As its expiry does, after two days without changes.
  await at.current.redis.del(partitionKeys(at.current.prefix, partitionOf("orders")).outbox);
  await until("its end", () => publishing.failingMs === 0 || undefined);
  expect(publishing.error).toBeUndefined();
});
