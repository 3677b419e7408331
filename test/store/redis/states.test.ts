import { expect, it, test } from "vitest";
import type { MessagePlace, MessageState, SendItem } from "../../../src/store/contract.ts";
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
} from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";

const send = async (...items: Partial<SendItem>[]) => {
  const replies = await at.current.store.send(QUEUE, items.map(item), SETTINGS);
  return replies.map(storedId);
};
const claim = async () => only((await at.current.tick(QUEUE, [session(1)])).claimed);
const states = (newestFirst = false, after?: MessagePlace, queue = QUEUE) =>
  at.current.store.messageReads.states(queue, { newestFirst, after });

/** Reads all pages. `between` runs after each. */
async function all(newestFirst: boolean, between = async () => {}): Promise<MessageState[]> {
  const found: MessageState[] = [];
  let after: MessagePlace | undefined;
  for (;;) {
    const { messages, next } = await states(newestFirst, after);
    found.push(...messages);
    if (next === undefined) return found;
    after = next;
    await between();
  }
}
const idsOf = (messages: readonly MessageState[]) => messages.map(({ id }) => hex(id));

it("says of each message what its state says", async () => {
  const [id] = await send({ delayMs: 5_000, ttlMs: 60_000, priority: -7, orderingKey: "c" });
  expect(await states()).toMatchObject({
    ...{ nowMs: START_MS, next: undefined },
    messages: [
      {
        ...{ id, chunk: 0, state: "SCHEDULED", quarantineReason: undefined, reason: "TIMEOUT" },
        ...{ isolated: false, attempts: 0, deliveries: 0, releases: 0, leaseExpiries: 0 },
        ...{ unknownOutcomes: 0, failureCount: 1, bytes: 8, sinceMs: START_MS },
        ...{ dueAtMs: START_MS + 5_000, expireAtMs: START_MS + 60_000, priority: -7 },
      },
    ],
  });
});

it("agrees with the details of a message in each state", async () => {
  const { store } = at.current;
  await send({}, {}, { quarantineReason: "POISON" });
  const [held, settled] = (await at.current.tick(QUEUE, [session(1, { count: 2 })])).claimed;
  if (held === undefined || settled === undefined) throw new Error("two are claimed");
  await store.settle(QUEUE, NO_REQUEST, [outcome(settled, "failReschedule", { delayMs: 9_000 })]);
  const { messages } = await states();
  expect(messages.map(({ state }) => state).toSorted()).toEqual([
    ...["IN_FLIGHT", "QUARANTINED", "SCHEDULED"],
  ]);
  const details = await store.messageReads.details(
    QUEUE,
    messages.map(({ id }) => id),
  );
  for (const [
    index,
    { id: _id, chunk: _chunk, orderingKey: _key, ...state },
  ] of messages.entries()) {
    expect(details[index]).toMatchObject(state);
  }
});

it.each([false, true])(
  "pages through all messages in order of arrival (newest first: %s)",
  async (newestFirst) => {
    const sent: Uint8Array[] = [];
    for (let n = 0; n < 25; n++)
      sent.push(...(await send(...Array.from({ length: 100 }, () => ({})))));
    const expected = sent.map(hex);
    if (newestFirst) expected.reverse();
    expect(idsOf(await all(newestFirst))).toEqual(expected);
    // From the middle of a group.
    const { messages } = await states(newestFirst);
    const from = messages[199];
    expect(idsOf((await states(newestFirst, from)).messages)[0]).toBe(expected[200]);
  },
);

it("lists each message once while messages change their state, arrive and leave", async () => {
  const { store } = at.current;
  const sent: string[] = [];
  for (let n = 0; n < 25; n++) {
    sent.push(...(await send(...Array.from({ length: 100 }, () => ({})))).map(hex));
  }
  const gone = new Set<string>();
  const found = await all(false, async () => {
    for (const one of (await at.current.tick(QUEUE, [session(1, { count: 20 })])).claimed) {
      const kind = one.id[15] === undefined || one.id[15] % 2 === 0 ? "succeed" : "failReschedule";
      if (kind === "succeed") gone.add(hex(one.id));
      await store.settle(QUEUE, NO_REQUEST, [outcome(one, kind, { delayMs: 0 })]);
    }
    await send({});
  });
  const ids = idsOf(found);
  expect(new Set(ids).size).toBe(ids.length);
  expect(sent.filter((id) => !gone.has(id) && !ids.includes(id))).toEqual([]);
});

test("a queue without messages has an empty page", async () => {
  expect(await states(false, undefined, "nothing")).toMatchObject({
    messages: [],
    next: undefined,
  });
  await send({});
  await at.current.store.settle(QUEUE, NO_REQUEST, [outcome(await claim(), "succeed")]);
  expect(await states(true)).toMatchObject({ messages: [], next: undefined });
});

test("details answer as many messages as fit, in order, and nothing for one that is gone", async () => {
  const { store } = at.current;
  const large = new Uint8Array(3 * 1024 * 1024);
  const ids = await send({ envelope: large }, { envelope: large }, {});
  const details = (...wanted: Uint8Array[]) => store.messageReads.details(QUEUE, wanted);
  expect(await details(...ids)).toHaveLength(1);
  const unknown = new Uint8Array(16);
  const found = await details(unknown, ...ids.slice(2), unknown);
  expect(found.map((one) => one?.state)).toEqual([undefined, "SCHEDULED", undefined]);
  expect(await details()).toEqual([]);
});

test("reading goes on behind chunks that have lost their states", async () => {
  for (let n = 0; n < 16; n++) await send(...Array.from({ length: 128 }, () => ({})));
  const { redis } = at.current;
  const lost = Array.from({ length: 10 }, (_, n) => n + 2);
  for (const n of lost) await redis.del(at.current.key(QUEUE, `:states:${n}`));
  expect(await all(false)).toHaveLength((16 - lost.length) * 128);
  expect(await all(true)).toHaveLength((16 - lost.length) * 128);
  await redis.flushdb();
});
