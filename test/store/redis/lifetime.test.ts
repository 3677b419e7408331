import { expect, test } from "vitest";
import type { SendItem, TickRequest } from "../../../src/store/contract.ts";
import { START_MS, useTestStore } from "../../support/store.ts";
import {
  hex,
  item,
  NO_REQUEST,
  only,
  outcome,
  SETTINGS,
  session,
  storedId,
  toRetry,
} from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";
const DAY_MS = 86_400_000;

async function send(over: Partial<SendItem> = {}) {
  return storedId(only(await at.current.store.send(QUEUE, [item(over)], SETTINGS)));
}
const message = async (id: Uint8Array) => (await at.current.dump(QUEUE)).messages.get(hex(id));
const tick = (settings: Partial<TickRequest["settings"]> = {}) =>
  at.current.tick(QUEUE, [], settings);
const claim = async () => only((await at.current.tick(QUEUE, [session(1)])).claimed);

test("a life ends in quarantine, at its very end and not before", async () => {
  const id = await send({ ttlMs: DAY_MS });
  expect(await tick()).toMatchObject({ ended: [], nextEndAtMs: START_MS + DAY_MS });
  await at.current.clock.advance(DAY_MS - 1);
  expect((await tick()).ended).toEqual([]);
  await at.current.clock.advance(1);
  expect(await tick()).toMatchObject({
    ended: [{ id, state: "QUARANTINED" }],
    nextEndAtMs: undefined,
    nextDueAtMs: undefined,
  });
  expect(await message(id)).toMatchObject({
    state: "QUARANTINED",
    quarantineReason: "TTL_EXPIRED",
    sinceMs: START_MS + DAY_MS,
  });
});

test("a life ends by discarding, if the queue says so", async () => {
  const id = await send({ ttlMs: DAY_MS, sourceId: "s" });
  await at.current.clock.advance(DAY_MS);
  expect((await tick({ ttlAction: "discard" })).ended).toEqual([
    { id, state: "EXPIRED", cause: "expired" },
  ]);
  const dump = await at.current.dump(QUEUE);
  expect(dump.messages.size).toBe(0);
  expect(dump.counters).toEqual({ accepted: 1, messages: 0, bytes: 0, expired: 1 });
  expect(dump.changes.map((record) => record.kind)).toEqual(["sent", "expired_ttl"]);
});

test("without a time to live it stays for ever", async () => {
  await send();
  await at.current.clock.advance(3650 * DAY_MS);
  expect(await tick()).toMatchObject({ ended: [], nextEndAtMs: undefined });
});

test.each([
  ["within it", DAY_MS - 1, DAY_MS],
  ["at its end", DAY_MS, 2 * DAY_MS],
  ["beyond it", 3 * DAY_MS, 4 * DAY_MS],
])("a due time %s: the message has its try before it expires", async (_, delayMs, endsAfterMs) => {
  const id = await send({ ttlMs: DAY_MS, delayMs });
  expect((await message(id))?.expireAtMs).toBe(START_MS + endsAfterMs);
  await at.current.clock.advance(delayMs);
  expect((await at.current.tick(QUEUE, [session(1)])).claimed).toHaveLength(1);
});

test("a life does not end in flight, and continues afterwards", async () => {
  const id = await send({ ttlMs: 10_000 });
  await at.current.clock.advance(5_000);
  const claimed = await claim();
  await at.current.clock.advance(6_000);
  expect((await tick()).ended).toEqual([]);
  expect(await message(id)).toMatchObject({ state: "IN_FLIGHT" });

  await at.current.store.settle(QUEUE, NO_REQUEST, [
    outcome(claimed, "failReschedule", { delayMs: 2_000 }),
  ]);
  // Due after the end of its life: one more time to live from then.
  expect(await message(id)).toMatchObject({ expireAtMs: START_MS + 11_000 + 2_000 + 10_000 });
  await at.current.clock.advance(12_000);
  expect((await tick()).ended).toEqual([{ id, state: "QUARANTINED", cause: "expired" }]);
});

test("a retry that is due within its life does not lengthen it", async () => {
  const id = await send({ ttlMs: DAY_MS });
  const claimed = await claim();
  await at.current.store.settle(QUEUE, NO_REQUEST, [
    outcome(claimed, "failReschedule", { delayMs: 60_000 }),
  ]);
  expect(await message(id)).toMatchObject({ expireAtMs: START_MS + DAY_MS });
  expect((await tick()).nextEndAtMs).toBe(START_MS + DAY_MS);
});

test("a retried message gets a new life", async () => {
  const id = await send({ ttlMs: DAY_MS });
  await at.current.clock.advance(DAY_MS);
  await tick();
  await at.current.clock.advance(DAY_MS);
  await at.current.store.messages.retry(QUEUE, NO_REQUEST, toRetry([id]));
  expect(await message(id)).toMatchObject({
    state: "SCHEDULED",
    expireAtMs: START_MS + 3 * DAY_MS,
  });
  expect((await tick()).ended).toEqual([]);
});

test("quarantine ends when its retention does, and is kept for ever without one", async () => {
  const id = await send({ quarantineReason: "PRODUCER_REQUEST" });
  await at.current.clock.advance(DAY_MS - 1);
  expect(await tick()).toMatchObject({ ended: [], nextEndAtMs: undefined });
  expect(await tick({ quarantineRetentionMs: DAY_MS })).toMatchObject({
    ended: [],
    nextEndAtMs: START_MS + DAY_MS,
  });
  await at.current.clock.advance(1);
  expect((await tick({ quarantineRetentionMs: DAY_MS })).ended).toEqual([
    { id, state: "EXPIRED", cause: "retention" },
  ]);
  const dump = await at.current.dump(QUEUE);
  expect(dump.counters).toMatchObject({ messages: 0, expired: 1 });
  expect(dump.changes.at(-1)?.kind).toBe("expired_retention");
});

test("one tick ends a bounded number of lives and says that there are more", async () => {
  await at.current.store.send(
    QUEUE,
    Array.from({ length: 400 }, () => item({ ttlMs: 1_000 })),
    SETTINGS,
  );
  await at.current.clock.advance(1_000);
  const first = await tick();
  // Two chunks; the first one of a queue has 127.
  expect(first.ended).toHaveLength(255);
  expect(first.nextEndAtMs).toBeLessThanOrEqual(first.nowMs);
  expect((await tick()).ended).toHaveLength(145);
});

test("a chunk is checked again when the next life in it ends", async () => {
  const ttls = [1_000, 5_000, 3_000];
  const items = ttls.map((ttlMs) => item({ ttlMs, delayMs: 100 }));
  const ids = (await at.current.store.send(QUEUE, items, SETTINGS)).map(storedId);
  const ends: number[] = [];
  for (const ms of [1_000, 2_000, 2_000]) {
    await at.current.clock.advance(ms);
    const { ended, nextEndAtMs } = await tick();
    expect(ended).toHaveLength(1);
    ends.push(ids.findIndex((id) => hex(id) === hex(only(ended).id)));
    if (ends.length < 3) expect(nextEndAtMs).toBe(START_MS + (ends.length === 1 ? 3_000 : 5_000));
  }
  expect(ends).toEqual([0, 2, 1]);
});

test("a life that is over is not handed out, however many have ended", async () => {
  const { store, clock } = at.current;
  // Each in a chunk of its own, among messages that are due later.
  const others = Array.from({ length: 127 }, () => item({ delayMs: DAY_MS }));
  for (let chunk = 0; chunk < 6; chunk++) {
    await store.send(QUEUE, [item({ delayMs: 1_000, ttlMs: 5_000 }), ...others], SETTINGS);
  }
  await clock.advance(10_000);
  const { ended, claimed } = await at.current.tick(QUEUE, [session(1)]);
  expect(claimed).toEqual([]);
  expect(ended).toHaveLength(6);
});

test("an entry of layout 1, which named the message, still ends its life", async () => {
  const { redis, clock } = at.current;
  const id = await send({ delayMs: DAY_MS, ttlMs: 2 * DAY_MS });
  const key = at.current.key(QUEUE, ":expiry");
  await redis.del(key);
  await redis.zadd(key, START_MS + DAY_MS, Buffer.from(id));
  await clock.advance(DAY_MS);
  await tick();
  expect((await at.current.dump(QUEUE)).chunkEnds).toEqual(new Map([["0", START_MS + 2 * DAY_MS]]));
});

test("chunks disappear with their last message", async () => {
  const { store } = at.current;
  const replies = await store.send(
    QUEUE,
    Array.from({ length: 130 }, () => item()),
    SETTINGS,
  );
  expect((await at.current.dump(QUEUE)).chunks.indexed).toEqual(["0", "1"]);
  const claimed = (await at.current.tick(QUEUE, [session(1, { count: 200 })])).claimed;
  expect(claimed.map((c) => hex(c.id))).toEqual(replies.map((reply) => hex(storedId(reply))));
  const settle = (from: number, to: number) =>
    store.settle(
      QUEUE,
      NO_REQUEST,
      claimed.slice(from, to).map((c) => outcome(c, "succeed")),
    );
  await settle(0, 126);
  expect((await at.current.dump(QUEUE)).chunks.indexed).toEqual(["0", "1"]);
  await settle(126, 127);
  expect((await at.current.dump(QUEUE)).chunks.indexed).toEqual(["1"]);
  await settle(127, 130);
  expect((await at.current.dump(QUEUE)).chunks).toEqual({
    states: [],
    bodies: [],
    failures: [],
    indexed: [],
  });
});
