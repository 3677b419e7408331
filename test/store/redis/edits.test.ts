// Edits: written beside a body, in the same step as a retry or an outcome, and only for the version
// that they were decided on.

import { expect, test } from "vitest";
import type { MessageFilter } from "../../../src/core/message.ts";
import type {
  EditWrite,
  Examined,
  RetryItem,
  SendItem,
  StoredContent,
} from "../../../src/store/contract.ts";
import { Capacity } from "../../../src/store/redis/capacity.ts";
import { queueBase } from "../../../src/store/redis/keys.ts";
import { RedisMessages } from "../../../src/store/redis/messages.ts";
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
  storedId,
  text,
  tokenOf,
  toRetry,
} from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";
const QUARANTINED = { quarantineReason: "POISON" } as const;
const FILTER: MessageFilter = { states: [], reasons: [], quarantineReasons: [] };

const messages = () => at.current.store.messages;
const send = async (...items: Partial<SendItem>[]) =>
  (await at.current.store.send(QUEUE, items.map(item), SETTINGS)).map(storedId);
const dump = () => at.current.dump(QUEUE);
const message = async (id: Uint8Array) => (await dump()).messages.get(hex(id));
const claim = async () => only((await at.current.tick(QUEUE, [session(1)])).claimed);

async function contentOf(id: Uint8Array): Promise<StoredContent> {
  const page = await messages().contents(QUEUE, NO_REQUEST, [id]);
  const stored = "retriedCount" in page ? undefined : page[0];
  if (stored === undefined) throw new Error("there is no such message");
  return stored;
}

const write = (words: string, before = ""): EditWrite => ({
  edits: bytes(words),
  payloadBytes: words.length,
  grown: words.length - before.length,
});

async function editOf(id: Uint8Array, words: string, before = ""): Promise<RetryItem> {
  const { version } = await contentOf(id);
  return { kind: "edit", id, version, write: write(words, before) };
}

const retry = (items: readonly RetryItem[], request = NO_REQUEST) =>
  messages().retry(QUEUE, request, items);

test("an edit is written beside the body and delivered with it, and the body stays", async () => {
  const id = only(await send(QUARANTINED));
  expect(await retry([await editOf(id, "edited")])).toEqual({ retriedCount: 1, refused: [] });
  expect(await message(id)).toMatchObject({
    ...{ state: "SCHEDULED", edited: true, envelope: "envelope", edits: "edited", bytes: 14 },
  });
  expect((await dump()).changes.map(({ kind }) => kind)).toEqual(["sent", "edited", "retried"]);
  const claimed = await claim();
  expect(text(claimed.envelope)).toBe("envelope");
  expect(text(claimed.edits)).toBe("edited");
  expect(claimed.bytes).toBe(14);
});

test("the first delivery has the edits of its send", async () => {
  await send({ edit: write("edited") }, {});
  expect((await dump()).counters).toMatchObject({ bytes: 8 + 6 + 8, messages: 2, accepted: 2 });
  const { claimed } = await at.current.tick(QUEUE, [session(1)]);
  expect(claimed.map(({ envelope, edits }) => [text(envelope), text(edits)])).toEqual([
    ["envelope", "edited"],
    ["envelope", undefined],
  ]);
});

test("a send that joins a message leaves its edits alone", async () => {
  const [id] = await send({ dedupKey: "k", edit: write("first") });
  await send({ dedupKey: "k", edit: write("second") });
  expect(await message(id as Uint8Array)).toMatchObject({ failures: 2, edits: "first" });
});

test("examine with envelopes returns edits", async () => {
  await send({ edit: write("edited") }, {});
  const { claimed } = await at.current.tick(QUEUE, [session(1)]);
  const examined = await at.current.store.examine(QUEUE, NO_REQUEST, claimed.map(tokenOf), true);
  const seen = (examined as Examined[]).map(({ envelope, edits }) => [text(envelope), text(edits)]);
  expect(seen).toEqual([
    ["envelope", "edited"],
    ["envelope", undefined],
  ]);
});

test("an edit may change the limiter key", async () => {
  at.current.deliverySettings = {
    ...at.current.deliverySettings,
    keyAttribute: "host",
    keyMaxInFlight: 1,
  };
  const [, second] = (await send({ limiterKey: "a" }, { limiterKey: "a" })) as [
    Uint8Array,
    Uint8Array,
  ];
  const first = await claim();
  const { version } = await contentOf(second);
  const rekeyed = { ...write("edited"), limiterKey: "b" };
  await retry([{ kind: "edit", id: second, version, write: rekeyed }]);
  expect(await message(second)).toMatchObject({ limiterKey: "b" });
  expect(hex((await claim()).id)).toBe(hex(second));
  await at.current.store.settle(QUEUE, NO_REQUEST, [outcome(first, "succeed")]);
  await at.current.checkInvariants(QUEUE);
});

test("only the edited message of a claim is delivered with edits", async () => {
  const [, second] = (await send({}, { ...QUARANTINED, envelope: bytes("second") }, {})) as [
    Uint8Array,
    Uint8Array,
  ];
  await retry([await editOf(second, "edited")]);
  const { claimed } = await at.current.tick(QUEUE, [session(1)]);
  const seen = claimed.map(({ envelope, edits }) => [text(envelope), text(edits)]);
  expect(seen.toSorted()).toEqual([
    ["envelope", undefined],
    ["envelope", undefined],
    ["second", "edited"],
  ]);
});

test("a second edit replaces the first one, and the bytes of the queue follow", async () => {
  const id = only(await send({ delayMs: 1_000 }));
  await retry([await editOf(id, "a long first edit")]);
  await retry([await editOf(id, "short", "a long first edit")]);
  expect(await message(id)).toMatchObject({ edits: "short", bytes: 13 });
  expect((await dump()).counters.bytes).toBe(13);
});

test("an edit decided on an old version writes nothing of the whole call", async () => {
  const [first, second] = (await send(QUARANTINED, QUARANTINED)) as [Uint8Array, Uint8Array];
  const items = [await editOf(first, "one"), await editOf(second, "two")];
  await at.current.store.messages.retry(QUEUE, NO_REQUEST, toRetry([second]));
  const before = await dump();
  expect(await retry(items, bytes("r"))).toBe("moved");
  expect(await retry([{ kind: "refuse", id: second, version: 0, detail: "no" }])).toBe("moved");
  expect(await dump()).toEqual(before);
});

test("a refused message is not retried; the reason is returned again for a repeated request", async () => {
  const [bad, good] = (await send(QUARANTINED, QUARANTINED)) as [Uint8Array, Uint8Array];
  const { version } = await contentOf(bad);
  const items = [
    { kind: "refuse", id: bad, version, detail: "transform 0: no ünicode" } as const,
    await editOf(good, "edited"),
  ];
  const expected = {
    retriedCount: 1,
    refused: [
      { index: 0, refusal: "TRANSFORM_FAILED", id: bad, detail: "transform 0: no ünicode" },
    ],
  };
  expect(await retry(items, bytes("r"))).toEqual(expected);
  expect(await message(bad)).toMatchObject({ state: "QUARANTINED", edited: false });
  const before = await dump();
  expect(await retry(items, bytes("r"))).toEqual(expected);
  expect(await messages().contents(QUEUE, bytes("r"), [bad])).toEqual(expected);
  expect(await dump()).toEqual(before);
});

test("an answer that is kept has a reason once for all messages in a row", async () => {
  const ids = await send(...Array.from({ length: 100 }, () => QUARANTINED));
  const { version } = await contentOf(ids[0] as Uint8Array);
  const detailOf = (n: number) => (n < 50 ? "a" : "b").repeat(240);
  const items = ids.map((id, n): RetryItem => {
    return { kind: "refuse", id, version, detail: detailOf(n) };
  });
  const answer = await retry(items, bytes("r"));
  expect(answer).toEqual({
    retriedCount: 0,
    refused: ids.map((id, index) => {
      return { index, refusal: "TRANSFORM_FAILED", id, detail: detailOf(index) };
    }),
  });
  expect(await retry(items, bytes("r"))).toEqual(answer);
  const { redis } = at.current;
  const [hash = ""] = await redis.keys(at.current.key(QUEUE, ":answers:*"));
  expect(only(await redis.hvalsBuffer(hash)).length).toBeLessThan(100 * 20 + 1_000);
});

test("a message that was in flight when it was read is refused", async () => {
  const id = only(await send({}));
  const edit = await editOf(id, "edited");
  const claimed = await claim();
  const refused = { retriedCount: 0, refused: [{ index: 0, refusal: "IN_FLIGHT" }] };
  expect(await retry([edit])).toEqual(refused);
  await at.current.store.settle(QUEUE, NO_REQUEST, [outcome(claimed, "release")]);
  expect(await retry([{ kind: "busy", id }])).toEqual(refused);
  expect(await message(id)).toMatchObject({ state: "SCHEDULED", dueAtMs: START_MS + 1_000 });
});

test("a retry by filter edits all messages that match, or none", async () => {
  const ids = await send(QUARANTINED, QUARANTINED, {});
  const prepared: number[] = [];
  const prepare = async (found: readonly Uint8Array[]) => {
    prepared.push(found.length);
    return Promise.all(found.map((id) => editOf(id, "edited")));
  };
  const run = (expectedCount: number) =>
    messages().retryMatching(QUEUE, NO_REQUEST, { filter: FILTER, expectedCount }, prepare);
  expect(await run(3)).toEqual({ mismatch: 2 });
  expect(prepared).toEqual([]);
  expect(await run(2)).toEqual({ retriedCount: 2, refused: [] });
  expect(prepared).toEqual([2]);
  expect((await dump()).edits).toEqual(ids.slice(0, 2).map(hex).sort());
  const filter = { ...FILTER, states: ["SCHEDULED" as const] };
  const page = await messages().matching(QUEUE, { filter, expectedCount: 3, pageSize: 2 });
  expect(page).toMatchObject({ ids: { length: 2 }, rest: { remaining: 1 } });
});

test("a failed attempt is edited in the step that schedules the next one", async () => {
  const id = only(await send({}));
  const edit = write("by the queue");
  const failed = outcome(await claim(), "failReschedule", { delayMs: 0, edit });
  await at.current.store.settle(QUEUE, NO_REQUEST, [failed]);
  expect(await message(id)).toMatchObject({ attempts: 1, edits: "by the queue", bytes: 20 });
  expect(text((await claim()).edits)).toBe("by the queue");
});

test("an outcome whose lease is lost edits nothing", async () => {
  const id = only(await send({}));
  const first = await claim();
  await at.current.store.settle(QUEUE, NO_REQUEST, [outcome(first, "release", { delayMs: 0 })]);
  await claim();
  await at.current.store.settle(QUEUE, NO_REQUEST, [
    outcome(first, "failReschedule", { edit: write("late") }),
  ]);
  expect(await message(id)).toMatchObject({ edited: false, attempts: 0 });
});

test.each(["succeed", "discard"] as const)("%s removes the edits of a message", async (kind) => {
  await retry([await editOf(only(await send(QUARANTINED)), "edited")]);
  await at.current.store.settle(QUEUE, NO_REQUEST, [outcome(await claim(), kind)]);
  expect(await dump()).toMatchObject({ edits: [], counters: { bytes: 0, messages: 0 } });
});

test("a queue is deleted with its edits", async () => {
  const ids = await send(QUARANTINED, QUARANTINED);
  await retry(await Promise.all(ids.map((id) => editOf(id, "edited"))));
  const { store, redis } = at.current;
  await store.deletion.seal(QUEUE, 2);
  while ((await store.deletion.purge(QUEUE)) === "removed") {
    // Each step removes some.
  }
  await store.deletion.remove(QUEUE);
  expect(await redis.keys(`${queueBase(at.current.prefix, QUEUE)}:edits:*`)).toEqual([]);
});

test("contents returns as many messages as fit, and undefined for missing ones", async () => {
  const large = bytes("x".repeat(3 << 20));
  const [a, b] = (await send({ envelope: large }, { envelope: large })) as [Uint8Array, Uint8Array];
  const missing = new Uint8Array(16);
  const page = await messages().contents(QUEUE, NO_REQUEST, [missing, a, b]);
  expect(page).toMatchObject([undefined, { state: "SCHEDULED" }]);
  expect(await messages().contents(QUEUE, NO_REQUEST, [b])).toHaveLength(1);
});

test("large edits are compressed like bodies", async () => {
  const store = at.current.openStore({ compressMinBytes: 100 });
  await until("the store", () => store.ready || undefined);
  const id = only(await send(QUARANTINED));
  const words = "edited ".repeat(1_000);
  const { version } = await contentOf(id);
  await store.messages.retry(QUEUE, NO_REQUEST, [
    { kind: "edit", id, version, write: write(words) },
  ]);
  const key = (await at.current.redis.keys(at.current.key(QUEUE, ":edits:*")))[0] ?? "";
  const [stored] = await at.current.redis.hvals(key);
  expect(stored?.length).toBeLessThan(500);
  expect(text((await contentOf(id)).edits)).toBe(words);
  expect(text((await claim()).edits)).toBe(words);
});

test("a full store refuses edits, and allows a plain retry", async () => {
  const id = only(await send(QUARANTINED));
  const ran: string[] = [];
  const full = new RedisMessages({
    run: async (name) => {
      ran.push(name);
      return Buffer.alloc(7);
    },
    outboxMaxBytes: 1_000_000,
    bodies: undefined as never,
    capacity: new Capacity(undefined as never, { diskIsLow: () => true }),
    deliverySettingsOf: () => NO_REQUEST,
    historyChangedAtMs: () => 0,
  });
  const edit = full.retry(QUEUE, NO_REQUEST, [{ kind: "edit", id, version: 0, write: write("x") }]);
  await expect(edit).rejects.toMatchObject({ kind: "STORE_FULL" });
  expect(ran).toEqual([]);
  await full.retry(QUEUE, NO_REQUEST, [{ kind: "retry", id }]);
  expect(ran).toEqual(["retry"]);
});
