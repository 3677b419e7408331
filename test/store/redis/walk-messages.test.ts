// The walk over all messages in one state, for simulations.

import { expect, test } from "vitest";
import type { StoredState } from "../../../src/core/message.ts";
import type { WalkPlace } from "../../../src/core/retry-selection.ts";
import type { SessionCredit, WalkedMessage } from "../../../src/store/contract.ts";
import { START_MS, until, useTestStore } from "../../support/store.ts";
import {
  bytes,
  hex,
  item,
  NO_REQUEST,
  outcome,
  SETTINGS,
  session,
  storedId,
  text,
  toRetry,
} from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";
const KEEP = { ttlAction: "quarantine", quarantineRetentionMs: 0 } as const;

async function walk(
  state: StoredState,
  between: (page: number) => Promise<unknown> = async () => {},
): Promise<{ messages: WalkedMessage[]; pages: number }> {
  const messages: WalkedMessage[] = [];
  let place: WalkPlace | undefined;
  let pages = 0;
  do {
    const page = await at.current.store.messages.walk(QUEUE, state, place);
    messages.push(...page.messages);
    place = page.next;
    pages++;
    await between(pages);
  } while (place !== undefined);
  return { messages, pages };
}

test("a walk returns each message of a state once", async () => {
  const { store, clock } = at.current;
  const sent = await store.send(
    QUEUE,
    [
      item({ delayMs: 5_000, reason: "PLUGIN_ERROR", retrySettings: bytes("own") }),
      item({ quarantineReason: "POISON" }),
      item({ priority: 7, delayMs: 9_000 }),
      item({}),
    ],
    SETTINGS,
  );
  const [waiting, poison, prior, flying] = sent.map(storedId).map(hex);
  const { claimed } = await at.current.tick(QUEUE, [session(1)]);
  const ids = async (state: StoredState) =>
    (await walk(state)).messages.map(({ id }) => hex(id)).toSorted();
  expect(await ids("SCHEDULED")).toEqual([waiting, prior].toSorted());
  expect(await ids("QUARANTINED")).toEqual([poison]);
  expect(await ids("IN_FLIGHT")).toEqual([flying]);
  const own = (await walk("SCHEDULED")).messages.find(({ id }) => hex(id) === waiting);
  expect(own).toMatchObject({ reason: "PLUGIN_ERROR", attempts: 0, roundStartedAtMs: undefined });
  expect(text(own?.retrySettings)).toBe("own");

  await store.settle(
    QUEUE,
    NO_REQUEST,
    claimed.map((one) => outcome(one, "failReschedule")),
  );
  await clock.advance(500);
  await store.messages.retry(QUEUE, NO_REQUEST, toRetry(sent.slice(1, 2).map(storedId)));
  const { messages } = await walk("SCHEDULED");
  expect(messages.find(({ id }) => hex(id) === flying)).toMatchObject({ attempts: 1 });
  expect(messages.find(({ id }) => hex(id) === poison)).toMatchObject({
    roundStartedAtMs: START_MS + 500,
  });
});

test("more than one page", async () => {
  const many = Array.from({ length: 1_001 }, (_, n) => item({ delayMs: 60_000 + n }));
  for (let from = 0; from < many.length; from += 200) {
    await at.current.store.send(QUEUE, many.slice(from, from + 200), SETTINGS);
  }
  const { messages, pages } = await walk("SCHEDULED");
  expect(new Set(messages.map(({ id }) => hex(id))).size).toBe(1_001);
  expect(pages).toBeGreaterThanOrEqual(3);
});

test("a walk meets each message that stays once, whatever comes and goes", async () => {
  const { store, clock } = at.current;
  const send = async (count: number) =>
    (
      await store.send(
        QUEUE,
        Array.from({ length: count }, () => item({ quarantineReason: "POISON" })),
        SETTINGS,
      )
    ).map(storedId);
  // All came to quarantine in the same millisecond.
  const ids = await send(600);
  const inOrder = ids.map(hex).toSorted();
  const gone = new Set([...inOrder.slice(0, 20), inOrder[499]]);
  const { messages } = await walk("QUARANTINED", async (page) => {
    if (page > 1) return;
    const leaving = ids.filter((id) => gone.has(hex(id)));
    await store.messages.retry(QUEUE, NO_REQUEST, toRetry(leaving));
    await clock.set(clock.nowMs - 1_000);
    await send(30);
  });
  expect(messages.map(({ id }) => hex(id)).toSorted()).toEqual(inOrder);
});

test("a walk over leases that an outage lengthened meets each once", async () => {
  // Their ends then have half a millisecond.
  const store = at.current.openStore({ expiryGraceMs: 30_000 });
  await until("the connection", () => store.ready || undefined);
  let claims = 0;
  const tick = (sessions: SessionCredit[] = []) =>
    store.tick(QUEUE, { claimNumber: ++claims, sessions, settings: KEEP });
  const items = Array.from({ length: 200 }, () => item());
  for (let n = 0; n < 3; n++) {
    await store.send(QUEUE, items, SETTINGS);
    await tick([session(1, { count: 200 })]);
  }
  await at.current.clock.advance(3_600_000);
  for (let n = 0; n < 3; n++) expect((await tick()).lost).toEqual([]);
  const first = await store.messages.walk(QUEUE, "IN_FLIGHT");
  const second = await store.messages.walk(QUEUE, "IN_FLIGHT", first.next);
  const ids = [first, second].flatMap(({ messages }) => messages.map(({ id }) => hex(id)));
  expect(second.next).toBeUndefined();
  expect(ids).toHaveLength(600);
  expect(new Set(ids).size).toBe(600);
});

test("a walk of a missing queue is empty", async () => {
  for (const state of ["SCHEDULED", "IN_FLIGHT", "QUARANTINED"] as const) {
    expect((await walk(state)).messages).toEqual([]);
  }
});
