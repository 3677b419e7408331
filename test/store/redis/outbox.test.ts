import { describe, expect, test } from "vitest";
import type { SettleKind } from "../../../src/store/contract.ts";
import { partitionBase, partitionKeys } from "../../../src/store/redis/keys.ts";
import { partitionOf } from "../../../src/store/redis/partitions.ts";
import { until, useTestStore } from "../../support/store.ts";
import { hex, item, NO_REQUEST, outcome, SETTINGS, session } from "../../support/store-items.ts";
import { readOutbox } from "../../support/store-outbox.ts";

const at = useTestStore();
const QUEUE = "orders";
/** Another queue of the same partition. */
const NEIGHBOUR = Array.from({ length: 10_000 }, (_, n) => `queue-${n}`).find(
  (name) => partitionOf(name) === partitionOf(QUEUE),
) as string;
const HOUR_MS = 3_600_000;

const keys = () => partitionKeys(at.current.prefix, partitionOf(QUEUE));
const read = () =>
  readOutbox(at.current.redis, partitionBase(at.current.prefix, partitionOf(QUEUE)).slice(0, -1));
const kinds = async () =>
  (await read()).flatMap(({ queue, changes }) => changes.map(({ kind }) => [queue, kind]));

/** Sends one after the other, each in an entry of its own. */
async function sendEach(count: number): Promise<void> {
  for (let n = 0; n < count; n++) await at.current.store.send(QUEUE, [item()], SETTINGS);
}

test("the queues of a partition share an outbox, in the order of their changes", async () => {
  const { store } = at.current;
  await store.send(QUEUE, [item()], SETTINGS);
  await store.send(NEIGHBOUR, [item()], SETTINGS);
  const { claimed } = await at.current.tick(QUEUE, [session(1)]);
  await store.settle(
    QUEUE,
    NO_REQUEST,
    claimed.map((one) => outcome(one, "succeed")),
  );
  expect(await kinds()).toEqual([
    [QUEUE, "sent"],
    [NEIGHBOUR, "sent"],
    [QUEUE, "claimed"],
    [QUEUE, "succeeded"],
  ]);
});

test("the version of a message grows with each of its changes", async () => {
  const { store } = at.current;
  await store.send(QUEUE, [item()], SETTINGS);
  const { claimed } = await at.current.tick(QUEUE, [session(1)]);
  await store.settle(
    QUEUE,
    NO_REQUEST,
    claimed.map((one) => outcome(one, "succeed")),
  );
  const versions = (await read()).flatMap(({ changes }) => changes.map(({ version }) => version));
  expect(versions).toEqual([1, 2, 3]);
});

test("a batch writes entries of 64 changes, and numbers them without gaps", async () => {
  const batch = Array.from({ length: 130 }, () => item());
  await at.current.store.send(QUEUE, batch, SETTINGS);
  await sendEach(1);
  const entries = await read();
  expect(entries.map(({ first, changes }) => [first, changes.length])).toEqual([
    [0, 64],
    [64, 64],
    [128, 2],
    [130, 1],
  ]);
  expect(entries.map(({ atMs }) => atMs)).toEqual(entries.map(() => at.current.clock.nowMs));
});

test("the oldest entries are removed when the outbox has more bytes than it may", async () => {
  const maxBytes = 8 * 1024;
  const store = at.current.openStore({ outboxMaxBytes: maxBytes });
  await until("the connection", () => store.ready || undefined);
  const sizes: number[] = [];
  for (let n = 0; n < 300; n++) {
    await store.send(QUEUE, [item()], SETTINGS);
    sizes.push(await at.current.redis.xlen(keys().outbox));
  }
  const entries = await read();
  const first = entries[0]?.position ?? 0;
  const last = entries.at(-1)?.position ?? 0;
  // Redis removes whole nodes of a stream, of 4 KiB.
  expect(last - first).toBeLessThanOrEqual(maxBytes + 4096);
  expect(last - first).toBeGreaterThan(maxBytes / 2);
  expect(Math.max(...sizes)).toBeLessThan(300);
  expect(entries.at(-1)?.first).toBe(299);
});

test("entries are removed at the age of one to one and a half days", async () => {
  for (let hour = 0; hour < 60; hour++) {
    await sendEach(30);
    await at.current.clock.advance(HOUR_MS);
  }
  const [first] = await read();
  const ageMs = at.current.clock.nowMs - (first?.atMs ?? 0);
  expect(ageMs).toBeGreaterThan(24 * HOUR_MS);
  expect(ageMs).toBeLessThan(40 * HOUR_MS);
});

test("an outbox without further changes expires", async () => {
  await sendEach(1);
  const ttl = await at.current.redis.pttl(keys().outbox);
  expect(ttl).toBeGreaterThan(47 * HOUR_MS);
  expect(ttl).toBeLessThanOrEqual(48 * HOUR_MS);
});

test("it goes on behind its last entry if the key with its end is lost", async () => {
  await sendEach(2);
  await at.current.redis.del(keys().outboxEnd);
  await sendEach(1);
  const entries = await read();
  expect(entries.map(({ first }) => first)).toEqual([0, 1, 2]);
  const [zero, one, two] = entries.map(({ position }) => position) as [number, number, number];
  expect(two - one).toBe(one - zero);
});

test.each<[string, number[], () => Promise<unknown>]>([
  ["is no stream", [2, 3], () => at.current.redis.set(keys().outbox, "text")],
  ["has an end of a wrong length", [0, 1, 2, 3], () => at.current.redis.set(keys().outboxEnd, "")],
  [
    "has an end of a wrong type",
    [0, 1, 2, 3],
    () => replace(keys().outboxEnd, "HSET", "field", "value"),
  ],
  [
    "is no stream and has no end",
    [0, 1],
    async () => {
      await at.current.redis.del(keys().outboxEnd);
      await at.current.redis.set(keys().outbox, "text");
    },
  ],
  [
    "has a foreign entry and no end",
    [0, 1],
    async () => {
      await at.current.redis.del(keys().outboxEnd);
      await at.current.redis.xadd(keys().outbox, "*", "field", "value");
    },
  ],
])(
  "an outbox that %s has the numbers %j after that, in a new epoch",
  async (_, numbers, damage) => {
    await sendEach(2);
    const before = await read();
    await at.current.clock.advance(1);
    await damage();
    await sendEach(2);
    const entries = await read();
    expect(entries.map(({ first }) => first)).toEqual(numbers);
    expect(entries.at(-1)?.epochMs).toBeGreaterThan(before[0]?.epochMs ?? 0);
  },
);

test("an outbox whose end is older than its last entry begins again, in a new epoch", async () => {
  await sendEach(1);
  const end = (await at.current.redis.getBuffer(keys().outboxEnd)) as Buffer;
  await sendEach(2);
  const before = await read();
  await at.current.redis.set(keys().outboxEnd, end);
  await at.current.clock.advance(1);
  await sendEach(2);
  const entries = await read();
  expect(entries.map(({ first }) => first)).toEqual([1, 2]);
  expect(entries[0]?.epochMs).toBeGreaterThan(before[0]?.epochMs ?? 0);
});

async function replace(key: string, command: string, ...args: string[]): Promise<void> {
  await at.current.redis.del(key);
  await at.current.redis.call(command, key, ...args);
}

test.each([13, 25, 37, 47])(
  "nothing is older than two days if a change comes every %i hours",
  async (hours) => {
    for (let passed = 0; passed < 240; passed += hours) {
      await sendEach(1);
      await at.current.clock.advance(hours * HOUR_MS);
    }
    await sendEach(1);
    const [first] = await read();
    expect(at.current.clock.nowMs - (first?.atMs ?? 0)).toBeLessThanOrEqual(48 * HOUR_MS);
  },
);

test("an epoch begins with the first change after a restart or failover of Redis", async () => {
  await sendEach(1);
  // A Redis whose clock is behind.
  await at.current.redis.hset(`${at.current.prefix}:history`, "changed", 1_700_000_000_000);
  const later = at.current.openStore();
  await until("the connection", () => later.ready || undefined);
  await later.send(QUEUE, [item()], SETTINGS);
  // Another server, which has not noticed it yet.
  await sendEach(1);
  const [before, first, second] = (await read()).map(({ epochMs }) => epochMs);
  expect(first).toBeGreaterThan(before ?? 0);
  expect(second).toBeGreaterThanOrEqual(first ?? 0);
});

test("a purge of a queue leaves one change for each message", async () => {
  const { store } = at.current;
  const [reply] = await store.send(QUEUE, [item()], SETTINGS);
  await store.deletion.seal(QUEUE, 1);
  await store.deletion.purge(QUEUE);
  const last = (await read()).at(-1)?.changes[0];
  expect(last).toMatchObject({ kind: "purged", state: 7 });
  expect(reply).toMatchObject({ status: "stored" });
  if (reply?.status === "stored") expect(last?.id).toBe(hex(reply.id));
});

describe("event fields", () => {
  const eventFields = Buffer.from("fields");
  const fieldsOf = async () =>
    (await read()).flatMap(({ changes }) =>
      changes.map(({ kind, fields }) => [kind, fields.toString()]),
    );

  test("are in the changes of a message but those of its claims, and gone with it", async () => {
    const { store, redis, clock } = at.current;
    await store.send(QUEUE, [item({ eventFields })], SETTINGS);
    const settle = async (kind: SettleKind) => {
      const { claimed } = await at.current.tick(QUEUE, [session(1)]);
      const done = claimed.map((one) => outcome(one, kind));
      await store.settle(QUEUE, NO_REQUEST, done);
      await clock.advance(1_000);
    };
    await settle("return");
    await settle("failReschedule");
    await settle("succeed");
    expect(await fieldsOf()).toEqual([
      ["sent", "fields"],
      ["claimed", ""],
      ["returned", ""],
      ["claimed", ""],
      ["failed", "fields"],
      ["claimed", ""],
      ["succeeded", "fields"],
    ]);
    expect(await redis.keys(at.current.key(QUEUE, ":events:*"))).toEqual([]);
  });

  test("are not written again by a purge", async () => {
    const { store } = at.current;
    await store.send(QUEUE, [item({ eventFields })], SETTINGS);
    await store.deletion.seal(QUEUE, 1);
    await store.deletion.purge(QUEUE);
    expect(await fieldsOf()).toEqual([
      ["sent", "fields"],
      ["purged", ""],
    ]);
  });

  test.each(["quarantine", "discard"] as const)(
    "are in the end of a life by %s",
    async (ttlAction) => {
      const { store, clock } = at.current;
      await store.send(QUEUE, [item({ eventFields, ttlMs: 1_000 })], SETTINGS);
      await clock.advance(1_000);
      await at.current.tick(QUEUE, [], { ttlAction });
      expect((await fieldsOf()).at(-1)).toEqual(["expired_ttl", "fields"]);
    },
  );

  test("that cannot be read refuse no outcome", async () => {
    const { store, redis } = at.current;
    await store.send(QUEUE, [item({ eventFields })], SETTINGS);
    const { claimed } = await at.current.tick(QUEUE, [session(1)]);
    const key = at.current.key(QUEUE, ":events:0");
    await redis.rename(key, `${key}:sound`);
    await redis.set(key, "text");
    const failed = claimed.map((one) => outcome(one, "failReschedule"));
    const reply = await store.settle(QUEUE, NO_REQUEST, failed);
    expect(reply?.results).toMatchObject([{ status: "APPLIED" }]);
    expect((await fieldsOf()).at(-1)).toEqual(["failed", ""]);
    await redis.rename(`${key}:sound`, key);
  });

  test("that are too long to be an entry are left out", async () => {
    const { store, redis } = at.current;
    await store.send(QUEUE, [item({ eventFields })], SETTINGS);
    const key = at.current.key(QUEUE, ":events:0");
    const [id] = await redis.hkeysBuffer(key);
    await redis.hset(key, id as Buffer, "x".repeat(256));
    const { claimed } = await at.current.tick(QUEUE, [session(1)]);
    await store.settle(
      QUEUE,
      NO_REQUEST,
      claimed.map((one) => outcome(one, "failReschedule")),
    );
    expect((await fieldsOf()).at(-1)).toEqual(["failed", ""]);
    await redis.hset(key, id as Buffer, "fields");
  });

  test("cost nothing where a message has none", async () => {
    const { store, redis } = at.current;
    await store.send(QUEUE, [item()], SETTINGS);
    expect(await redis.keys(at.current.key(QUEUE, ":events:*"))).toEqual([]);
  });
});
