// Retry by a filter that matches more messages than one call acts on.

import { describe, expect, test } from "vitest";
import type { MessageFilter, RetryOutcome } from "../../../src/core/message.ts";
import type { RetryCursor } from "../../../src/core/retry-selection.ts";
import type { SendItem } from "../../../src/store/contract.ts";
import { useTestStore } from "../../support/store.ts";
import {
  bytes,
  hex,
  item,
  NO_REQUEST,
  outcome,
  SETTINGS,
  session,
  storedId,
  toRetry,
} from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";
const QUARANTINE: MessageFilter = { states: [], reasons: [], quarantineReasons: [] };
const SCHEDULED: MessageFilter = { ...QUARANTINE, states: ["SCHEDULED"] };
const POISON = { quarantineReason: "POISON" } as const;

async function send(count: number, over: Partial<SendItem> = POISON): Promise<Uint8Array[]> {
  const items = Array.from({ length: count }, () => item(over));
  return (await at.current.store.send(QUEUE, items, SETTINGS)).map(storedId);
}

interface Page {
  filter?: MessageFilter;
  expectedCount?: number;
  pageSize?: number;
  from?: RetryCursor | undefined;
  request?: Uint8Array;
}

async function retryPage({ request = NO_REQUEST, ...over }: Page): Promise<RetryOutcome> {
  const selection = { filter: QUARANTINE, expectedCount: 0, pageSize: 2, ...over };
  const outcome = await at.current.store.messages.retryMatching(QUEUE, request, selection);
  if (outcome === "moved" || "mismatch" in outcome) throw new Error(JSON.stringify(outcome));
  return outcome;
}

/** Retries page by page, and calls the test between pages. Returns what each page did. */
async function retryAll(
  { expectedCount = 0, ...page }: Page,
  between: (page: number) => Promise<unknown> = async () => {},
): Promise<{ retried: number; remaining: number }[]> {
  const pages: { retried: number; remaining: number }[] = [];
  let from: RetryCursor | undefined;
  do {
    const { retriedCount, rest } = await retryPage({ ...page, expectedCount, from });
    pages.push({ retried: retriedCount, remaining: rest?.remaining ?? 0 });
    from = rest;
    if (from !== undefined) await between(pages.length);
  } while (from !== undefined);
  return pages;
}

const state = async (id: Uint8Array) => (await at.current.dump(QUEUE)).messages.get(hex(id))?.state;
const retriedIds = async () =>
  (await at.current.dump(QUEUE)).changes
    .filter(({ kind }) => kind === "retried")
    .map(({ id }) => id);

/** Every message that is due goes to quarantine again. */
async function failAll(): Promise<number> {
  const { claimed } = await at.current.tick(QUEUE, [session(1, { count: 100 })]);
  const outcomes = claimed.map((one) => outcome(one, "failQuarantine"));
  await at.current.store.settle(QUEUE, NO_REQUEST, outcomes);
  return claimed.length;
}

test("each page says how many remain, and together they reach all", async () => {
  const ids = await send(5);
  expect(await retryAll({ expectedCount: 5 })).toEqual([
    { retried: 2, remaining: 3 },
    { retried: 2, remaining: 1 },
    { retried: 1, remaining: 0 },
  ]);
  expect((await retriedIds()).toSorted()).toEqual(ids.map(hex).toSorted());
});

test("the first page compares the expected count with all matches", async () => {
  await send(5);
  await expect(retryPage({ expectedCount: 2 })).rejects.toThrow('{"mismatch":5}');
  await expect(retryPage({ expectedCount: 6 })).rejects.toThrow('{"mismatch":5}');
  expect(await retriedIds()).toEqual([]);
});

test("messages that fail into quarantine again meanwhile are not retried twice", async () => {
  const ids = await send(5);
  let failed = 0;
  const pages = await retryAll({ expectedCount: 5 }, async () => {
    await at.current.clock.advance(1);
    failed += await failAll();
  });
  expect([pages.length, failed]).toEqual([3, 4]);
  expect((await retriedIds()).toSorted()).toEqual(ids.map(hex).toSorted());
});

test("others that come to quarantine after the first page are left alone", async () => {
  await send(4);
  let late: Uint8Array[] = [];
  const pages = await retryAll({ expectedCount: 4 }, async () => {
    await at.current.clock.advance(1);
    late = await send(3);
  });
  expect(pages).toEqual([
    { retried: 2, remaining: 2 },
    { retried: 2, remaining: 0 },
  ]);
  expect(await Promise.all(late.map(state))).toEqual(Array(3).fill("QUARANTINED"));
});

test("removals between pages skip no message, and what has left is not waited for", async () => {
  const ids = await send(9);
  const inOrder = ids.toSorted((a, b) => Buffer.compare(a, b));
  const pages = await retryAll({ expectedCount: 9, pageSize: 3 }, async (page) => {
    if (page > 1) return;
    // One of those to come is retried by somebody else.
    await at.current.store.messages.retry(QUEUE, NO_REQUEST, toRetry(inOrder.slice(4, 5)));
  });
  expect(pages).toEqual([
    { retried: 3, remaining: 6 },
    { retried: 3, remaining: 3 },
    { retried: 2, remaining: 0 },
  ]);
  expect((await retriedIds()).toSorted()).toEqual(ids.map(hex).toSorted());
});

test("a page skips what changes between its walk and its step", async () => {
  const ids = await send(4);
  const { rest } = await retryPage({ expectedCount: 4 });
  const selection = { filter: QUARANTINE, expectedCount: 0, pageSize: 2, from: rest };
  const { messages } = at.current.store;
  const outcome = await messages.retryMatching(QUEUE, NO_REQUEST, selection, async (found) => {
    await messages.retry(QUEUE, NO_REQUEST, toRetry(found.slice(0, 1)));
    return toRetry(found);
  });
  expect(outcome).toEqual({ retriedCount: 1, refused: [], rest: undefined });
  expect((await retriedIds()).toSorted()).toEqual(ids.map(hex).toSorted());
});

test.each([
  ["due later", 60_000],
  ["due", 0],
])("SCHEDULED messages still match after a retry, and are retried once: %s", async (_, delayMs) => {
  const ids = await send(3, { delayMs });
  await send(2, { delayMs: delayMs + 1, priority: 5 });
  // All happens in one millisecond.
  expect(await retryAll({ filter: SCHEDULED, expectedCount: 5 })).toEqual([
    { retried: 2, remaining: 3 },
    { retried: 2, remaining: 1 },
    { retried: 1, remaining: 0 },
  ]);
  const retried = await retriedIds();
  expect(new Set(retried).size).toBe(5);
  expect(retried).toEqual(expect.arrayContaining(ids.map(hex)));
});

test("a repeated request gets the same answer, on any page", async () => {
  await send(5);
  const first = { expectedCount: 5, request: bytes("first") };
  const one = await retryPage(first);
  expect(await retryPage(first)).toEqual(one);
  const second = { from: one.rest, request: bytes("second") };
  const two = await retryPage(second);
  expect(two.rest?.remaining).toBe(1);
  expect(await retryPage(second)).toEqual(two);
  const last = { from: two.rest, request: bytes("last") };
  const three = await retryPage(last);
  expect(await retryPage(last)).toEqual(three);
  expect(await retriedIds()).toHaveLength(5);
});

test("a page continues an equal filter, in whatever order it names its states", async () => {
  await send(3);
  await send(3, { delayMs: 60_000 });
  const both = ["QUARANTINED", "SCHEDULED"] as const;
  const filter = { ...QUARANTINE, states: both };
  const { rest } = await retryPage({ filter, expectedCount: 6, pageSize: 4 });
  const turned = { ...QUARANTINE, states: both.toReversed() };
  const last = await retryPage({ filter: turned, pageSize: 4, from: rest });
  expect([last.retriedCount, last.rest]).toEqual([2, undefined]);
  expect(new Set(await retriedIds()).size).toBe(6);
});

test("a filter that few match is walked through to its last message", async () => {
  const rare = { ...POISON, reason: "PLUGIN_ERROR" } as const;
  const ids = [...(await send(2, rare)), ...(await send(700)), ...(await send(2, rare))];
  const filter = { ...QUARANTINE, reasons: ["PLUGIN_ERROR" as const] };
  expect(await retryAll({ filter, expectedCount: 4, pageSize: 3 })).toEqual([
    { retried: 3, remaining: 1 },
    { retried: 1, remaining: 0 },
  ]);
  const expected = [...ids.slice(0, 2), ...ids.slice(-2)].map(hex);
  expect((await retriedIds()).toSorted()).toEqual(expected.toSorted());
});

/** Returns how many scripts run meanwhile. An unknown script fails first, and is sent again. */
async function scriptsOf(work: () => Promise<unknown>): Promise<number> {
  const { redis } = at.current;
  await redis.config("RESETSTAT");
  await work();
  const info = await redis.info("commandstats");
  const calls = info.matchAll(/^cmdstat_eval\w*:calls=(\d+),.*failed_calls=(\d+)/gm);
  return [...calls].reduce((sum, [, all, failed]) => sum + Number(all) - Number(failed), 0);
}

test("the first call ends its walk at the last match", async () => {
  await send(3, { ...POISON, reason: "PLUGIN_ERROR" });
  for (let n = 0; n < 8; n++) await send(200);
  const filter = { ...QUARANTINE, reasons: ["PLUGIN_ERROR" as const] };
  const { messages } = at.current.store;
  const dryRun = (expectedCount: number) => messages.matching(QUEUE, { filter, expectedCount });
  expect(await scriptsOf(() => dryRun(0))).toBe(0);
  expect(await scriptsOf(() => dryRun(3))).toBe(1);
  // It checks the count, walks, and retries.
  expect(await scriptsOf(() => retryPage({ filter, expectedCount: 3, pageSize: 10 }))).toBe(3);
});

test("a search ends with its caller", async () => {
  await send(2);
  const { messages } = at.current.store;
  const selection = { filter: QUARANTINE, expectedCount: 2 };
  const gone = AbortSignal.abort(new Error("gone"));
  await expect(messages.matching(QUEUE, selection, gone)).rejects.toThrow("gone");
  const retried = messages.retryMatching(QUEUE, NO_REQUEST, selection, undefined, gone);
  await expect(retried).rejects.toThrow("gone");
  expect(await retriedIds()).toEqual([]);
});

describe("after a step back of the clock", () => {
  const STEPPED_BACK = { kind: "PRECONDITION", message: expect.stringContaining("start again") };
  const back = (ms: number) => at.current.clock.set(at.current.clock.nowMs - ms);

  test("messages that came to quarantine before are reached, or a page fails", async () => {
    const ids = await send(6);
    await back(2_000);
    const one = await retryPage({ expectedCount: 6 });
    await at.current.clock.advance(10);
    await expect(retryPage({ from: one.rest })).rejects.toMatchObject(STEPPED_BACK);
    await at.current.clock.advance(2_000);
    const two = await retryPage({ from: one.rest });
    const three = await retryPage({ from: two.rest });
    expect([one, two, three].map(({ rest }) => rest?.remaining)).toEqual([4, 2, undefined]);
    expect((await retriedIds()).toSorted()).toEqual(ids.map(hex).toSorted());
  });

  test("a page fails at scheduled messages that changed before", async () => {
    await send(4, {});
    await back(2_000);
    const one = await retryPage({ filter: SCHEDULED, expectedCount: 4 });
    await at.current.clock.advance(10);
    await expect(retryPage({ filter: SCHEDULED, from: one.rest })).rejects.toMatchObject(
      STEPPED_BACK,
    );
    expect(await retriedIds()).toHaveLength(2);
  });

  test("overdue messages are retried once, or a page fails", async () => {
    const ids = await send(6, {});
    await at.current.clock.advance(7_200_000);
    const one = await retryPage({ filter: SCHEDULED, expectedCount: 6 });
    await back(60_000);
    await expect(retryPage({ filter: SCHEDULED, from: one.rest })).rejects.toMatchObject(
      STEPPED_BACK,
    );
    await at.current.clock.advance(70_000);
    const two = await retryPage({ filter: SCHEDULED, from: one.rest });
    // The clock is still ahead of the first page, and behind the second.
    await back(5_000);
    await expect(retryPage({ filter: SCHEDULED, from: two.rest })).rejects.toMatchObject(
      STEPPED_BACK,
    );
    await at.current.clock.advance(5_000);
    expect((await retryPage({ filter: SCHEDULED, from: two.rest })).rest).toBeUndefined();
    expect((await retriedIds()).toSorted()).toEqual(ids.map(hex).toSorted());
  });

  test("a message that failed again before the clock had caught up is not retried twice", async () => {
    const ids = await send(3);
    await at.current.clock.advance(60_000);
    ids.push(...(await send(1)));
    await back(2_000);
    const one = await retryPage({ expectedCount: 4 });
    await at.current.clock.advance(10);
    expect(await failAll()).toBe(2);
    await at.current.clock.advance(2_000);
    const two = await retryPage({ from: one.rest, pageSize: 10 });
    expect([two.retriedCount, two.rest]).toEqual([2, undefined]);
    expect((await retriedIds()).toSorted()).toEqual(ids.map(hex).toSorted());
  });
});
