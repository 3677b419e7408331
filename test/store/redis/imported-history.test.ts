import { expect, test } from "vitest";
import { createdAtMs } from "../../../src/core/message-id.ts";
import type { SendItem } from "../../../src/store/contract.ts";
import { START_MS, useTestStore } from "../../support/store.ts";
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
  toRetry,
} from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const reply = async (over: Partial<SendItem>) =>
  only(await at.current.store.send(QUEUE, [item(over)], SETTINGS));
const send = async (over: Partial<SendItem>) => storedId(await reply(over));
const message = async (id: Uint8Array) => (await at.current.dump(QUEUE)).messages.get(hex(id));
const importedHistory = (over: Partial<SendItem["importedHistory"]> = {}) => ({
  importedHistory: { attempts: 0, failureCount: 0, firstFailureAtMs: undefined, ...over },
});
const claim = async () => only((await at.current.tick(QUEUE, [session(1)])).claimed);

test("imported attempts and failures count", async () => {
  const id = await send(importedHistory({ attempts: 4, failureCount: 3 }));
  expect(await message(id)).toMatchObject({ attempts: 4, failures: 4, hasHistory: false });
  const claimed = await claim();
  expect(claimed).toMatchObject({ attempts: 4, failureCount: 4, deliveryNumber: 1 });
  await at.current.store.settle(QUEUE, NO_REQUEST, [outcome(claimed, "failReschedule")]);
  expect(await message(id)).toMatchObject({
    ...{ attempts: 5, failures: 5, expiries: 0, poisoned: false },
    history: ["attempt failed"],
  });
});

test("nothing of the history is left when the message leaves", async () => {
  await send(importedHistory({ attempts: 4, failureCount: 3 }));
  await at.current.store.settle(QUEUE, NO_REQUEST, [outcome(await claim(), "succeed")]);
  expect(await at.current.dump(QUEUE)).toMatchObject({ bodies: [], histories: [] });
});

test("age and life begin with the first failure", async () => {
  const firstFailureAtMs = START_MS - HOUR_MS;
  const id = await send({ ...importedHistory({ firstFailureAtMs }), ttlMs: DAY_MS });
  expect(createdAtMs(id)).toBe(firstFailureAtMs);
  expect(await message(id)).toMatchObject({ expireAtMs: firstFailureAtMs + DAY_MS, arrival: 1 });
  const [stats] = await at.current.store.stats([QUEUE]);
  expect(stats?.oldestAtMs).toBe(firstFailureAtMs);
  const settled = await at.current.store.settle(QUEUE, NO_REQUEST, [
    outcome(await claim(), "succeed"),
  ]);
  expect(settled?.results).toMatchObject([{ ageMs: HOUR_MS }]);
});

test("a life that would end before its try is as long again from then", async () => {
  const over = { ...importedHistory({ firstFailureAtMs: START_MS - 3 * DAY_MS }), ttlMs: DAY_MS };
  const id = await send({ ...over, delayMs: HOUR_MS });
  expect(await message(id)).toMatchObject({
    state: "SCHEDULED",
    expireAtMs: START_MS + HOUR_MS + DAY_MS,
  });
});

test("a first failure in the future is now; one at the very beginning of time is long ago", async () => {
  expect(createdAtMs(await send(importedHistory({ firstFailureAtMs: START_MS + 1 })))).toBe(
    START_MS,
  );
  expect(createdAtMs(await send(importedHistory({ firstFailureAtMs: 0 })))).toBe(1);
  expect(createdAtMs(await send(importedHistory()))).toBe(START_MS);
});

test("messages are found by their ids, and in the order of their arrival, whatever their age", async () => {
  const ages = [5, 1, 9, 0, 9];
  const ids = [];
  for (const hours of ages) {
    const firstFailureAtMs = START_MS - hours * HOUR_MS;
    ids.push(await send({ ...importedHistory({ firstFailureAtMs }), orderingKey: "k" }));
  }
  expect(new Set(ids.map(hex)).size).toBe(ages.length);
  const arrivals = await Promise.all(ids.map(async (id) => (await message(id))?.arrival));
  expect(arrivals).toEqual([1, 2, 3, 4, 5]);
  expect((await claim()).id).toEqual(ids[0]);
});

test("a send that joins a message does not add its imported history", async () => {
  const id = await send({ dedupKey: "k" });
  const joined = await reply({
    dedupKey: "k",
    ...importedHistory({ attempts: 7, failureCount: 2 }),
  });
  expect(joined).toMatchObject({ joined: true, id });
  expect(await message(id)).toMatchObject({ attempts: 0, failures: 2 });
});

test("a new round does not count imported attempts", async () => {
  const id = await send({
    ...importedHistory({ attempts: 9, firstFailureAtMs: START_MS - DAY_MS }),
    ...{ ttlMs: HOUR_MS, quarantineReason: "RETRIES_EXHAUSTED" },
  });
  expect(await message(id)).toMatchObject({ state: "QUARANTINED", attempts: 9 });
  await at.current.store.messages.retry(QUEUE, NO_REQUEST, toRetry([id]));
  expect(await message(id)).toMatchObject({
    ...{ state: "SCHEDULED", attempts: 0, roundAtMs: START_MS },
    expireAtMs: START_MS + HOUR_MS,
  });
});

test("imported history may come with a number and all optional fields", async () => {
  const number = { client: bytes("client.........."), number: 3 };
  const id = await send({ ...importedHistory({ attempts: 2 }), number, priority: -4, note: "n" });
  expect(await message(id)).toMatchObject({ attempts: 2, priority: -4 });
  expect(await reply({ number })).toMatchObject({ status: "duplicate" });
});
