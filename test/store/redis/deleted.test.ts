import { describe, expect, test } from "vitest";
import type {
  Claimed,
  DeletedState,
  SendItem,
  SettleItem,
  SettleKind,
} from "../../../src/store/contract.ts";
import { START_MS, until, useTestStore } from "../../support/store.ts";
import {
  bytes,
  hex,
  item,
  NO_REQUEST,
  only,
  outcome,
  SETTINGS,
  session,
} from "../../support/store-items.ts";
import type { DumpedState } from "../../support/store-state.ts";

const at = useTestStore();
const QUEUE = "orders";
const HOUR_MS = 3_600_000;
const KEEP = { succeededMs: HOUR_MS, deletedMs: 24 * HOUR_MS, maxBytes: 1_000_000 };
const TICK = { retainSucceededMs: KEEP.succeededMs, retainDeletedMs: KEEP.deletedMs };
const ALL: readonly DeletedState[] = ["SUCCEEDED", "DISCARDED", "PURGED"];
const EVER = { states: ALL, fromMs: 0, toMs: START_MS * 2 };
const RESTORE = { toRetry: false, caller: "ann", settings: { maxMessages: 0, maxBytes: 0 } };
const RETRY = { ...RESTORE, toRetry: true };

const { send, claim, settle, end, list, undelete, dump, tick } = {
  send: (...items: Partial<SendItem>[]) => at.current.store.send(QUEUE, items.map(item), SETTINGS),
  claim: async () => (await at.current.tick(QUEUE, [session(1)], TICK)).claimed,
  settle: (items: readonly SettleItem[], keep = KEEP) =>
    at.current.store.settle(QUEUE, NO_REQUEST, items, keep),
  /** Sends a message and ends it. */
  end: async (kind: SettleKind, over: Partial<SendItem> = {}, keep = KEEP) => {
    await send(over);
    const claimed = only(await claim());
    await settle([outcome(claimed, kind)], keep);
    return claimed;
  },
  list: (states: readonly DeletedState[] = ALL) =>
    at.current.store.deleted.list(QUEUE, { ...EVER, states }, undefined, 100),
  undelete: (claimed: Pick<Claimed, "id">, how = RESTORE, request = NO_REQUEST) =>
    at.current.store.deleted.undelete(QUEUE, request, { ids: [claimed.id] }, how),
  dump: () => at.current.dump(QUEUE),
  tick: () => at.current.tick(QUEUE, [], TICK),
};
const messageOf = async ({ id }: Pick<Claimed, "id">) => (await dump()).messages.get(hex(id));

/** What a deletion and its undoing must not change. */
function lasting(state: DumpedState | undefined) {
  if (state === undefined) throw new Error("there is no such message");
  const { version, sinceMs, nonce, session, state: _, leaseMs, hasTimeline, ...rest } = state;
  return rest;
}

describe("a message that ended", () => {
  test.each([
    ["succeed", "SUCCEEDED"],
    ["discard", "DISCARDED"],
    ["failDiscard", "DISCARDED"],
  ] as const)("by %s is in no list, count or limit of its queue", async (kind, state) => {
    const claimed = await end(kind);
    const { messages, deleted, counters } = await dump();
    expect(messages.size).toBe(0);
    expect(counters).toMatchObject({ messages: 0, bytes: 0 });
    expect(only([...deleted.messages.keys()])).toBe(hex(claimed.id));
    expect((await list()).messages).toMatchObject([
      { id: claimed.id, state, deletedAtMs: START_MS, before: "IN_FLIGHT", deliveries: 1 },
    ]);
  });

  test("is gone for good without a retention", async () => {
    const off = { succeededMs: 0, deletedMs: 0, maxBytes: 1_000_000 };
    await end("succeed", {}, off);
    await end("discard", {}, off);
    const { bodies, deleted, counters } = await dump();
    expect([bodies, deleted.messages.size, counters.deleted_bytes]).toEqual([[], 0, undefined]);
  });

  test("has the worker's note", async () => {
    await send({});
    const claimed = only(await claim());
    await settle([outcome(claimed, "discard", { note: "a duplicate", isNotePrivate: true })]);
    expect(only((await list()).messages).note).toBe("a duplicate");
  });

  test("gives nothing to a late outcome of the same token", async () => {
    const claimed = await end("succeed");
    await undelete(claimed);
    const reply = await settle([outcome(claimed, "discard")]);
    expect(reply?.results).toMatchObject([{ status: "LEASE_LOST" }]);
  });
});

describe("undelete", () => {
  const RICH: Partial<SendItem> = {
    ttlMs: 10 * HOUR_MS,
    sourceId: "source",
    eventFields: Buffer.from("fields"),
    group: { digest: Buffer.alloc(16, 7), describe: () => bytes("description") },
  };

  test.each([RESTORE, RETRY])("brings back all of a message: $toRetry", async (how) => {
    await send(RICH);
    const first = only(await claim());
    const edit = { edits: bytes("edits"), payloadBytes: 5, grown: 5 };
    await settle([outcome(first, "failReschedule", { delayMs: 0, edit })]);
    await at.current.clock.advance(1_000);
    const claimed = only(await claim());
    const before = await messageOf(claimed);
    await settle([outcome(claimed, "discard")]);
    expect(await messageOf(claimed)).toBeUndefined();
    await at.current.clock.advance(60_000);
    expect(await undelete(claimed, how)).toEqual({
      count: 1,
      refused: [],
      rest: undefined,
      upToMs: expect.any(Number),
    });

    const after = await messageOf(claimed);
    const changed = how.toRetry
      ? { attempts: 0, dueAtMs: START_MS + 61_000, expireAtMs: START_MS + 61_000 + 10 * HOUR_MS }
      : {};
    const round = how.toRetry ? { roundAtMs: START_MS + 61_000 } : {};
    expect(lasting(after)).toEqual({ ...lasting(before), ...changed, ...round });
    expect(after).toMatchObject({ state: "SCHEDULED", nonce: "", hasTimeline: true });
    expect(after?.version).toBe((before?.version ?? 0) + 2);
    const { changes, counters, deleted } = await dump();
    expect(changes.at(-1)).toMatchObject({
      ...{ kind: "undeleted", id: hex(claimed.id), note: "by ann" },
    });
    expect(changes.at(-1)?.fields.toString()).toBe("fields");
    expect(counters).toMatchObject({ messages: 1, undeleted: 1, discarded: 1, deleted_bytes: 0 });
    expect(deleted.messages.size).toBe(0);
    expect(
      (await at.current.store.messageReads.details(QUEUE, [claimed.id]))[0]?.events,
    ).toMatchObject([{ kind: "UNDELETED", startedAtMs: START_MS + 1_000, caller: "ann" }]);
  });

  test("keeps the failure that ended a message", async () => {
    await send({});
    const claimed = only(await claim());
    const failure = { reason: "NETWORK_ERROR", failure: bytes("the last one") } as const;
    await settle([outcome(claimed, "failDiscard", failure)]);
    await undelete(claimed);
    expect((await messageOf(claimed))?.history).toEqual(["the last one"]);
  });

  test("is exactly once: a repeat finds the message in the queue", async () => {
    const claimed = await end("discard");
    await undelete(claimed);
    const again = await undelete(claimed);
    expect(again).toEqual({
      count: 0,
      refused: [{ id: claimed.id, refusal: "PRESENT" }],
      rest: undefined,
      upToMs: expect.any(Number),
    });
  });

  test("gives a repeated request its first answer", async () => {
    const claimed = await end("discard");
    const first = await undelete(claimed, RESTORE, bytes("request"));
    expect(await undelete(claimed, RESTORE, bytes("request"))).toEqual(first);
    expect((await dump()).counters.undeleted).toBe(1);
  });

  test("refuses ids that were never deleted", async () => {
    await end("discard");
    const { refused } = await undelete({ id: new Uint8Array(16) });
    expect(refused).toEqual([{ id: new Uint8Array(16), refusal: "MISSING" }]);
  });

  test("keeps to the limits of the queue", async () => {
    const claimed = await end("discard");
    await send({});
    const full = (settings: { maxMessages: number; maxBytes: number }) =>
      undelete(claimed, { ...RESTORE, settings });
    expect(only((await full({ maxMessages: 1, maxBytes: 0 })).refused).refusal).toBe(
      "FULL_MESSAGES",
    );
    expect(only((await full({ maxMessages: 0, maxBytes: 12 })).refused).refusal).toBe("FULL_BYTES");
    expect((await full({ maxMessages: 2, maxBytes: 16 })).count).toBe(1);
  });

  test("refuses messages of a queue that is being deleted", async () => {
    const claimed = await end("discard");
    await at.current.store.deletion.seal(QUEUE, 0);
    expect(only((await undelete(claimed)).refused).refusal).toBe("DELETING");
  });

  test("gives an ended time to live again", async () => {
    const claimed = await end("discard", { ttlMs: HOUR_MS });
    await at.current.clock.advance(2 * HOUR_MS);
    await undelete(claimed);
    expect((await messageOf(claimed))?.expireAtMs).toBe(START_MS + 3 * HOUR_MS);
    expect((await tick()).ended).toEqual([]);
  });

  test("by time: those that ended in one way within it, page by page", async () => {
    const ended: Claimed[] = [];
    for (let n = 0; n < 5; n++) {
      ended.push(await end("succeed"));
      await at.current.clock.advance(1_000);
    }
    const other = await end("discard");
    const range = { state: "SUCCEEDED", fromMs: START_MS + 1_000, toMs: START_MS + 3_000 } as const;
    const page = (after: { atMs: number; id: Uint8Array } | undefined) =>
      at.current.store.deleted.undelete(QUEUE, NO_REQUEST, { ...range, after, page: 2 }, RETRY);
    const first = await page(undefined);
    expect(first).toMatchObject({ count: 2, rest: { atMs: START_MS + 2_000, id: ended[2]?.id } });
    expect(await page(first.rest)).toEqual({
      count: 1,
      refused: [],
      rest: undefined,
      upToMs: expect.any(Number),
    });
    expect([...(await dump()).messages.keys()].toSorted()).toEqual(
      ended
        .slice(1, 4)
        .map(({ id }) => hex(id))
        .toSorted(),
    );
    expect((await list(["DISCARDED"])).messages).toMatchObject([{ id: other.id }]);
  });

  test("lets an earlier message of its ordering key go first again", async () => {
    at.current.deliverySettings = { ...at.current.deliverySettings, ordering: "key" };
    await send({ orderingKey: "k" }, { orderingKey: "k" });
    const first = only(await claim());
    await settle([outcome(first, "discard")]);
    await undelete(first);
    expect(only(await claim()).id).toEqual(first.id);
  });
});

describe("list", () => {
  test("the latest first, page by page", async () => {
    const ended: Claimed[] = [];
    for (let n = 0; n < 6; n++) {
      ended.push(await end(n % 2 === 0 ? "succeed" : "discard"));
      if (n % 3 === 0) await at.current.clock.advance(1_000);
    }
    const seen: string[] = [];
    let after: { atMs: number; id: Uint8Array } | undefined;
    for (;;) {
      const { messages, total } = await at.current.store.deleted.list(QUEUE, EVER, after, 2);
      if (messages.length === 0) break;
      expect(total).toBe(6);
      for (const one of messages) seen.push(`${one.deletedAtMs} ${hex(one.id)}`);
      const last = messages.at(-1);
      after = last && { atMs: last.deletedAtMs, id: last.id };
    }
    expect(seen).toEqual(seen.toSorted().toReversed());
    expect(seen.map((row) => row.split(" ")[1]).toSorted()).toEqual(
      ended.map(({ id }) => hex(id)).toSorted(),
    );
  });
});

describe("retention", () => {
  test("a tick erases each when its time is over, and the tender comes for that", async () => {
    const success = await end("succeed");
    await end("discard");
    await tick();
    expect((await dump()).wakeUps.tend).toBe(START_MS + KEEP.succeededMs);
    await at.current.clock.advance(KEEP.succeededMs - 1);
    await tick();
    expect((await list()).messages).toHaveLength(2);
    await at.current.clock.advance(1);
    await tick();
    expect((await list()).messages).toMatchObject([{ state: "DISCARDED" }]);
    expect((await dump()).bodies).not.toContain(hex(success.id));
    expect((await dump()).wakeUps.tend).toBe(START_MS + KEEP.deletedMs);
    await at.current.clock.advance(KEEP.deletedMs);
    await tick();
    const { bodies, deleted, wakeUps } = await dump();
    expect([bodies, deleted.messages.size]).toEqual([[], 0]);
    expect([deleted.isNoted, deleted.firstMs, wakeUps.tend]).toEqual([false, undefined, undefined]);
  });

  test("the oldest are erased for later ones when there is no more room", async () => {
    const large = { envelope: bytes("x".repeat(300_000)) };
    const ended: Claimed[] = [];
    for (const kind of ["succeed", "discard", "discard", "succeed"] as const) {
      ended.push(await end(kind, large));
      await at.current.clock.advance(1);
    }
    expect((await list()).messages.map(({ id }) => hex(id))).toEqual(
      ended
        .slice(1)
        .toReversed()
        .map(({ id }) => hex(id)),
    );
  });

  test("what is larger than all room is erased at once", async () => {
    await end("discard", { envelope: bytes("x".repeat(1_000_001)) });
    expect((await dump()).bodies).toEqual([]);
  });

  test("full memory erases the oldest of all queues first", async () => {
    const claimed = await end("succeed", { envelope: bytes("x".repeat(10_000)) });
    await at.current.clock.advance(1_000);
    const later = await end("discard", { envelope: bytes("x".repeat(10_000)) });
    expect(await at.current.store.deleted.makeRoom(5_000)).toBeGreaterThan(10_000);
    expect((await list()).messages).toMatchObject([{ id: later.id }]);
    expect((await undelete(claimed)).count).toBe(0);
    await at.current.store.deleted.makeRoom(1_000_000);
    const { bodies, deleted } = await dump();
    expect([bodies, deleted.isNoted, deleted.firstMs]).toEqual([[], false, undefined]);
  });

  test("memory that is nearly full erases them by itself", async () => {
    await end("discard");
    const { redis, store } = at.current;
    await redis.config("SET", "maxmemory", "1000000");
    try {
      await store.capacity.check();
      await until("room", async () => (await dump()).bodies.length === 0 || undefined);
    } finally {
      await redis.config("SET", "maxmemory", "0");
    }
  });

  test("deleting the queue erases them", async () => {
    for (let n = 0; n < 3; n++) await end("discard");
    const { deletion } = at.current.store;
    await deletion.seal(QUEUE, 0);
    await deletion.remove(QUEUE);
    expect(await at.current.redis.keys(`${at.current.key(QUEUE, "")}:deleted*`)).toEqual([]);
    expect(await at.current.redis.keys(`${at.current.key(QUEUE, "")}:bodies*`)).toEqual([]);
  });
});

test("keys that a person has damaged refuse no outcome", async () => {
  await send({});
  const claimed = only(await claim());
  await at.current.redis.set(at.current.key(QUEUE, ":deleted-facts"), "damage");
  expect((await settle([outcome(claimed, "discard")]))?.results).toMatchObject([
    { status: "APPLIED" },
  ]);
  await at.current.redis.del(at.current.key(QUEUE, ":deleted-facts"));
});
