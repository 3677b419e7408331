import { describe, expect, test } from "vitest";
import type {
  FailureGroup,
  GroupChange,
  SendItem,
  TrendTimes,
} from "../../../src/store/contract.ts";
import { partitionBase } from "../../../src/store/redis/keys.ts";
import { partitionOf } from "../../../src/store/redis/partitions.ts";
import { START_MS, useTestStore } from "../../support/store.ts";
import {
  bytes,
  item,
  NO_REQUEST,
  only,
  outcome,
  SETTINGS,
  session,
  storedId,
  text,
  toRetry,
} from "../../support/store-items.ts";

const at = useTestStore();
/** In different partitions. */
const [A, B] = ["a", "b"];
const MINUTE_MS = 60_000;
const NO_TREND: TrendTimes = { size: "HOUR", count: 1, nowMs: 0 };

const CHANGE: GroupChange = {
  ...{ status: "ARCHIVED", note: bytes("note"), archiveEnd: undefined, link: undefined },
};

const groupOf = (name: string): FailureGroup => ({
  digest: Buffer.alloc(16, name),
  describe: () => bytes(`described ${name}`),
});
const digestOf = (name: string) => Buffer.alloc(16, name).toString("hex");

const send = async (queue: string, name: string | undefined, over: Partial<SendItem> = {}) => {
  const group = name === undefined ? {} : { group: groupOf(name) };
  const replies = await at.current.store.send(queue, [item({ ...group, ...over })], SETTINGS);
  return storedId(only(replies));
};
const claim = async (queue: string) =>
  only((await at.current.tick(queue, [session(1, { count: 1 })])).claimed);
const settle = (queue: string, ...how: Parameters<typeof outcome>) =>
  at.current.store.settle(queue, NO_REQUEST, [outcome(...how)]);
const list = async () => {
  const { groups } = await at.current.store.groups.list();
  return groups.toSorted((a, b) => a.digest.localeCompare(b.digest) || a.partition - b.partition);
};
const stored = async () =>
  (await list()).map(({ digest, stored: queues }) => [
    Buffer.from(digest, "hex").toString()[0],
    Object.fromEntries(queues.map(({ queue, count }) => [queue, count])),
  ]);
const key = (suffix: string, queue = A) =>
  partitionBase(at.current.prefix, partitionOf(queue)).slice(0, -1) + suffix;

describe("a group", () => {
  test("counts failures, and the messages that have it last", async () => {
    const id = await send(A, "x");
    await send(A, "x");
    const before = only(await list());
    expect(before).toMatchObject({
      ...{ digest: digestOf("x"), partition: partitionOf(A), status: "OPEN" },
      ...{ firstFailureAtMs: START_MS, lastFailureAtMs: START_MS, failureCount: 2 },
      ...{ changedAtMs: undefined, regressedAtMs: undefined },
    });
    await at.current.clock.set(START_MS + 1_000);
    const claimed = await claim(A);
    await settle(A, claimed, "failReschedule", {
      ...{ delayMs: 0, reason: "TIMEOUT", failure: bytes("again"), group: groupOf("y") },
    });
    expect(await stored()).toEqual([
      ["x", { [A]: 1 }],
      ["y", { [A]: 1 }],
    ]);
    expect((await list()).at(-1)?.latest()).toEqual({ id, queue: A });
    await settle(A, await claim(A), "succeed");
    await settle(A, await claim(A), "discard");
    expect(await stored()).toEqual([
      ["x", {}],
      ["y", {}],
    ]);
    expect(await at.current.redis.exists(key("/group-counts"))).toBe(0);
    expect((await list()).map(({ failureCount }) => failureCount)).toEqual([2, 1]);
  });

  test("follows a failure that joins a message", async () => {
    const joining = { dedupKey: "k", payloadHash: bytes("0123456789abcdef") };
    await send(A, "x", joining);
    await send(A, "y", joining);
    expect(await stored()).toEqual([
      ["x", {}],
      ["y", { [A]: 1 }],
    ]);
  });

  test("keeps what it is formed of, and its failures of each five minutes", async () => {
    await send(A, "x");
    await send(A, "x");
    await at.current.clock.set(START_MS + 11 * MINUTE_MS);
    await send(A, "x");
    const group = only(await list());
    const nowMs = START_MS + 11 * MINUTE_MS;
    const trendOf = async (size: TrendTimes["size"], count: number) => {
      const found = await at.current.store.groups.details([group], { size, count, nowMs });
      return found.get(group)?.trend;
    };
    expect(await trendOf("HOUR", 2)).toEqual([0, 3]);
    expect(await trendOf("FIVE_MINUTES", 4)).toEqual([0, 2, 0, 1]);
    const details = (await at.current.store.groups.details([group], NO_TREND)).get(group);
    expect(text(details?.description)).toBe("described x");
    expect(details?.note).toHaveLength(0);
  });

  test("of a retried message stays", async () => {
    const id = await send(A, "x", { quarantineReason: "POISON" });
    await at.current.store.messages.retry(A, NO_REQUEST, toRetry([id]));
    expect(await stored()).toEqual([["x", { [A]: 1 }]]);
  });

  test("goes with a message that moves to another partition", async () => {
    await send(A, "x");
    await settle(A, await claim(A), "failMove", {
      ...{ delayMs: 0, reason: "TIMEOUT", failure: bytes("again"), group: groupOf("y") },
      move: { target: B, ifRefused: { delayMs: 0 } },
    });
    const { moves } = at.current.store;
    const message = only(await moves.pending(A, { olderThanMs: 0 }));
    const here = { limiterKey: "", orderingKey: "" };
    await moves.receive(B, A, [{ message, ...here }], SETTINGS);
    await moves.end(A, [{ message, received: true }]);
    const groups = (await list()).filter(({ digest }) => digest === digestOf("y"));
    expect(new Map(groups.map(({ partition, stored: queues }) => [partition, queues]))).toEqual(
      new Map([
        [partitionOf(A), []],
        [partitionOf(B), [{ queue: B, count: 1 }]],
      ]),
    );
    const there = groups.filter(({ partition }) => partition === partitionOf(B));
    expect(there[0]?.failureCount).toBe(0);
    const [details] = (await at.current.store.groups.details(there, NO_TREND)).values();
    expect(text(details?.description)).toBe("described y");
    expect((await at.current.dump(B)).changes.map(({ kind }) => kind)).toEqual(["moved_in"]);
  });

  const changesOf = async (queue: string) =>
    (await at.current.dump(queue)).changes
      .filter(({ kind }) => kind.startsWith("group"))
      .map(({ kind, id, note, state }) => ({ kind, id, note, state }));

  test("that begins is in the outbox once, with the message whose failure began it", async () => {
    const { store } = at.current;
    const items = ["x", "x", "y"].map((name) => item({ group: groupOf(name) }));
    const [first, , third] = (await store.send(A, items, SETTINGS)).map(storedId);
    await send(A, "x");
    const opened = (id: Uint8Array | undefined, name: string, state: number) => ({
      ...{ kind: "group_opened", id: id && Buffer.from(id).toString("hex") },
      ...{ note: digestOf(name), state },
    });
    const sorted = async () =>
      (await changesOf(A)).toSorted((a, b) => a.note.localeCompare(b.note));
    expect(await sorted()).toEqual([opened(first, "x", 1), opened(third, "y", 1)]);
    const claimed = await claim(A);
    const over = { reason: "TIMEOUT", failure: bytes("f"), group: groupOf("z") } as const;
    await settle(A, claimed, "failDiscard", over);
    expect((await sorted()).at(-1)).toEqual(opened(claimed.id, "z", 5));
  });

  test("that is resolved and fails again is in the outbox, until it is resolved again", async () => {
    await send(A, "x");
    const resolve = () =>
      at.current.store.groups.set(digestOf("x"), { ...CHANGE, status: "RESOLVED" });
    await resolve();
    expect(await changesOf(A)).toHaveLength(1);
    const id = await send(A, "x", { quarantineReason: "POISON" });
    await send(A, "x");
    const regressed = {
      ...{ kind: "group_regressed", id: Buffer.from(id).toString("hex") },
      ...{ note: digestOf("x"), state: 3 },
    };
    expect((await changesOf(A)).slice(1)).toEqual([regressed]);
    await resolve();
    await send(A, "x");
    expect(await changesOf(A)).toHaveLength(3);
  });

  test("that is damaged, or not kept, is in no outbox", async () => {
    await at.current.redis.hset(key("/groups"), Buffer.alloc(16, "x"), "damaged");
    await send(A, "x");
    expect(await changesOf(A)).toEqual([]);
    await at.current.redis.del(key("/groups"));
    await at.current.redis.set(key("/groups"), "text");
    await send(A, "y");
    expect(await changesOf(A)).toEqual([]);
    await at.current.redis.del(key("/groups"));
  });

  test("that is resolved says when it failed again, in each partition", async () => {
    await send(A, "x");
    await send(B, "x");
    const { groups } = at.current.store;
    expect(await groups.set(digestOf("x"), { ...CHANGE, status: "RESOLVED" })).toBe(2);
    await at.current.clock.set(START_MS + 1_000);
    await send(B, "x");
    await at.current.clock.set(START_MS + 2_000);
    await send(B, "x");
    const byPartition = new Map((await list()).map((group) => [group.partition, group]));
    const status = { status: "RESOLVED", changedAtMs: START_MS };
    expect(byPartition.get(partitionOf(A))).toMatchObject({ ...status, regressedAtMs: undefined });
    expect(byPartition.get(partitionOf(B))).toMatchObject({
      ...status,
      regressedAtMs: START_MS + 1_000,
    });
    expect(await groups.set(digestOf("y"), { ...CHANGE, status: "RESOLVED" })).toBe(0);
  });
});

describe("a group that is archived until a time or a number", () => {
  const archiveEnd = { untilAtMs: START_MS + 60_000, untilCount: 100 };
  const set = (change: Partial<GroupChange>) =>
    at.current.store.groups.set(digestOf("x"), { ...CHANGE, ...change });
  const archives = async () => (await list()).map(({ archive }) => archive);

  test("says when that is, and its failures when it was archived, in each partition", async () => {
    await send(A, "x");
    await send(A, "x");
    await send(B, "x");
    expect(await set({ archiveEnd })).toBe(2);
    await send(A, "x");
    const byPartition = new Map((await list()).map((group) => [group.partition, group]));
    const status = "ARCHIVED";
    expect(byPartition.get(partitionOf(A))).toMatchObject({
      ...{ status, archive: { ...archiveEnd, failureCount: 2 }, failureCount: 3 },
    });
    expect(byPartition.get(partitionOf(B))).toMatchObject({
      ...{ status, archive: { ...archiveEnd, failureCount: 1 }, failureCount: 1 },
    });
    await set({ archiveEnd: { untilAtMs: undefined, untilCount: 7 } });
    const again = { untilAtMs: undefined, untilCount: 7 };
    expect(await archives()).toEqual(
      expect.arrayContaining([
        { ...again, failureCount: 3 },
        { ...again, failureCount: 1 },
      ]),
    );
  });

  test.each<Partial<GroupChange>>([{ status: "OPEN" }, {}])(
    "forgets it when its state is set again: %j",
    async (change) => {
      await send(A, "x");
      await set({ archiveEnd });
      await set(change);
      expect(await archives()).toEqual([undefined]);
      expect(await at.current.redis.exists(key("/group-archives"))).toBe(0);
    },
  );

  test("of a server that does not know of it says nothing", async () => {
    await send(A, "x");
    await set({ archiveEnd });
    const { redis, clock } = at.current;
    const field = Buffer.alloc(16, "x");
    const kept = (await redis.hgetBuffer(key("/group-archives"), field)) ?? "";
    await clock.set(START_MS + 1_000);
    await set({});
    await redis.hset(key("/group-archives"), field, kept);
    expect(await archives()).toEqual([undefined]);
  });

  test("is shown as archived if that is damaged", async () => {
    await send(A, "x");
    await set({ archiveEnd });
    await at.current.redis.hset(key("/group-archives"), Buffer.alloc(16, "x"), "damaged");
    expect(await archives()).toEqual([undefined]);
    await at.current.redis.del(key("/group-archives"));
    await at.current.redis.set(key("/group-archives"), "text");
    expect(await list()).toMatchObject([{ status: "ARCHIVED", archive: undefined }]);
    await at.current.redis.del(key("/group-archives"));
  });
});

test("a group keeps its link until another one is set", async () => {
  await send(A, "x");
  const { groups } = at.current.store;
  const linkAfter = async (change: Partial<GroupChange>) => {
    await groups.set(digestOf("x"), { ...CHANGE, ...change });
    const all = await list();
    return [...(await groups.details(all, NO_TREND)).values()].map(({ link }) => link);
  };
  expect(await linkAfter({})).toEqual([""]);
  expect(await linkAfter({ link: "https://issues.example/1" })).toEqual([
    "https://issues.example/1",
  ]);
  expect(await linkAfter({ status: "RESOLVED" })).toEqual(["https://issues.example/1"]);
  expect(await linkAfter({ link: "https://issues.example/2" })).toEqual([
    "https://issues.example/2",
  ]);
  expect(await linkAfter({ link: "" })).toEqual([""]);
});

test("states and details of messages name their group", async () => {
  const id = await send(A, "x");
  const other = await send(A, undefined, { limiterKey: "k", orderingKey: "o" });
  const grouped = await send(A, "y", { limiterKey: "k", orderingKey: "o" });
  const { messageReads } = at.current.store;
  const { messages } = await messageReads.states(A, { newestFirst: false, after: undefined });
  const details = await messageReads.details(A, [id, other, grouped]);
  const expected = [digestOf("x"), "", digestOf("y")];
  expect(messages.map(({ group }) => group)).toEqual(expected);
  expect(details.map((one) => one?.group)).toEqual(expected);
});

test("a partition has at most 2,000 groups; messages of further ones are counted together", async () => {
  await send(A, "x");
  const { redis } = at.current;
  for (let n = 1; n < 2_000; n++) redis.hset(key("/groups"), Buffer.alloc(16, `n${n}`), "");
  await redis.ping();
  const late = await send(A, "z");
  await send(A, "x");
  expect((await at.current.store.groups.list()).otherCount).toBe(1);
  const [details] = await at.current.store.messageReads.details(A, [late]);
  expect(details?.group).toBe("");
  await settle(A, await claim(A), "succeed");
  await settle(A, await claim(A), "succeed");
  await settle(A, await claim(A), "succeed");
  expect((await at.current.store.groups.list()).otherCount).toBe(0);
});

test("numbers of groups are used again, except those that a group has", async () => {
  const { redis, store } = at.current;
  const numberOf = async (name: string) =>
    only(await store.groups.numbers.numbers(A, [digestOf(name).slice(0, 16)]));
  await send(A, "x");
  expect(await numberOf("x")).toBe(1);
  await redis.hset(key("/meta"), "groups", 16_777_213 * 3);
  await send(A, "y");
  expect(await numberOf("y")).toBe(2);
  await send(A, "z");
  expect(await numberOf("z")).toBe(3);
});

test("a deleted queue takes its groups along, also what an older server did not count", async () => {
  const { store, redis } = at.current;
  await send(A, "x");
  await send(A, "shared");
  await send(B, "shared");
  await redis.hset(
    key("/group-counts"),
    Buffer.concat([Buffer.from([0, 0, 9]), Buffer.from(A)]),
    5,
  );
  await store.groups.set(digestOf("shared"), {
    ...{ ...CHANGE, link: "https://issues.example/1" },
    archiveEnd: { untilAtMs: undefined, untilCount: 7 },
  });
  expect(await store.deletion.seal(A, 2)).toMatchObject({ status: "sealed" });
  while ((await store.deletion.purge(A)) === "removed");
  await store.deletion.remove(A);
  const left = await list();
  expect(left.map(({ digest, stored: queues }) => [digest, queues])).toEqual([
    [digestOf("shared"), [{ queue: B, count: 1 }]],
  ]);
  const numbered = ["/groups", "/group-counts", "/group-digests"];
  const described = ["/group-descriptions", "/group-notes", "/group-archives", "/group-links"];
  for (const suffix of [...numbered, ...described]) {
    expect([suffix, await redis.exists(key(suffix))]).toEqual([suffix, 0]);
  }
});

test("a partition that is nearly full forgets groups without messages, the oldest first", async () => {
  const { redis, store, clock } = at.current;
  const nameOf = (n: number) => `n${n}`.padEnd(16, ".");
  for (let n = 0; n < 1_920; n += 200) {
    await clock.set(START_MS + n);
    const some = Array.from({ length: 200 }, (_, at) => item({ group: groupOf(nameOf(n + at)) }));
    await store.send(A, some, SETTINGS);
  }
  // All but the first ones succeed.
  for (let left = 1_920; left > 0; left -= 100) {
    const { claimed } = await at.current.tick(A, [session(1, { count: 100 })]);
    const kind = left === 1_920 ? "release" : "succeed";
    const outcomes = claimed.map((one) => outcome(one, kind, { delayMs: 600_000 }));
    await store.settle(A, NO_REQUEST, outcomes);
  }
  await clock.advance(120_000);
  await store.groups.trim(partitionOf(A));
  const left = await list();
  expect(left).toHaveLength(1_500);
  expect(left.filter(({ stored: queues }) => queues.length > 0)).toHaveLength(100);
  expect(left.some(({ digest }) => digest === digestOf(nameOf(1_919)))).toBe(true);
  expect(left.some(({ digest }) => digest === digestOf(nameOf(150)))).toBe(false);
  for (const suffix of ["/group-digests", "/group-descriptions"]) {
    expect(await redis.hlen(key(suffix))).toBe(1_500);
  }
});

test.each([
  "/groups",
  "/group-digests",
  "/group-descriptions",
  "/group-counts",
  "/group-five-minutes:",
  "/group-hours:",
])("a damaged %s refuses no message and no outcome", async (suffix) => {
  const { redis } = at.current;
  const family = suffix.endsWith(":")
    ? `${START_MS / (suffix === "/group-hours:" ? 3_600_000 : 300_000)}`
    : "";
  await redis.set(key(suffix) + family, "of a person");
  await send(A, "x");
  const claimed = await claim(A);
  const failure = { reason: "TIMEOUT", failure: bytes("again"), group: groupOf("y") } as const;
  const reply = await settle(A, claimed, "failReschedule", { delayMs: 0, ...failure });
  expect(only(reply?.results).status).toBe("APPLIED");
  await settle(A, await claim(A), "succeed");
  await redis.del(key(suffix) + family);
  expect((await at.current.dump(A)).messages.size).toBe(0);
});

test("a state whose number an earlier version has dropped belongs to no group", async () => {
  const { redis, store } = at.current;
  const id = Buffer.from(await send(A, "x"));
  const states = at.current.key(A, ":states:0");
  const packed = (await redis.hgetBuffer(states, id)) as Buffer;
  await redis.hset(states, id, packed.subarray(0, packed.length - 3));
  const { messages } = await store.messageReads.states(A, { newestFirst: false, after: undefined });
  expect(messages.map(({ group }) => group)).toEqual([""]);
  await settle(A, await claim(A), "failReschedule", {
    ...{ delayMs: 0, reason: "TIMEOUT", failure: bytes("again"), group: groupOf("y") },
  });
  const [details] = await store.messageReads.details(A, [id]);
  expect(details?.group).toBe(digestOf("y"));
  // That version did not count the message out of its group.
  await redis.hdel(key("/group-counts"), Buffer.concat([Buffer.from([0, 0, 1]), Buffer.from(A)]));
});

test("a script that fails leaves no digest behind", async () => {
  const { redis } = at.current;
  await send(A, "x");
  await redis.rename(at.current.key(A, ":due"), "kept");
  await redis.set(at.current.key(A, ":due"), "of a person");
  for (let n = 0; n < 5; n++) await expect(send(A, `n${n}`)).rejects.toThrow();
  expect(await redis.hlen(key("/group-digests"))).toBe(1);
  await redis.rename("kept", at.current.key(A, ":due"));
});

test("a damaged number of groups refuses no message", async () => {
  await at.current.redis.hset(key("/meta"), "groups", "of a person");
  const id = await send(A, "x");
  const [details] = await at.current.store.messageReads.details(A, [id]);
  expect(details?.group).toBe("");
});

test("a damaged group refuses no message", async () => {
  await at.current.redis.hset(key("/groups"), Buffer.alloc(16, "x"), "of a person");
  await send(A, "x");
  expect(await list()).toEqual([]);
});

test("a version that knows no groups left messages without one", async () => {
  const id = await send(A, undefined);
  const [details] = await at.current.store.messageReads.details(A, [id]);
  expect(details?.group).toBe("");
  expect(await list()).toEqual([]);
});
