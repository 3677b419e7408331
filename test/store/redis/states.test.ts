import { expect, it, test } from "vitest";
import type {
  MessagePlace,
  MessageState,
  SendItem,
  StateSelection,
} from "../../../src/store/contract.ts";
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
  for (const [index, message] of messages.entries()) {
    const { id: _id, chunk: _chunk, orderingKey: _key, version: _version, ...rest } = message;
    const { isMoving, ...state } = rest;
    expect(isMoving).toBe(false);
    expect(details[index]).toMatchObject(state);
  }
});

it("has the version, which each change changes", async () => {
  const [id] = await send({ delayMs: 60_000 });
  const versions = async () => (await states()).messages.map(({ version }) => version);
  const before = await versions();
  await at.current.store.messages.retry(QUEUE, NO_REQUEST, [
    { kind: "retry", id: id as Uint8Array },
  ]);
  expect(await versions()).not.toEqual(before);
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

test("a selection leaves out what has none of its values, and counts it as looked at", async () => {
  const reasons = ["TIMEOUT", "NETWORK_ERROR", "UNKNOWN_ERROR"] as const;
  const groupOf = (n: number) => ({
    digest: Buffer.alloc(16, n % 5),
    describe: () => Buffer.alloc(0),
  });
  const over = (n: number): Partial<SendItem> => ({
    reason: reasons[n % 3] ?? "TIMEOUT",
    ...(n % 4 === 0 && { quarantineReason: n % 8 === 0 ? "POISON" : "RULE" }),
    ...(n % 6 === 0 ? {} : { group: groupOf(n) }),
    ...(n % 7 === 0 && { priority: 3, orderingKey: `o${n}` }),
  });
  await send(...Array.from({ length: 300 }, (_, n) => over(n)));
  await at.current.tick(QUEUE, [session(1, { count: 20 })]);
  const every = await all(false);
  const idOf = (n: number) => Buffer.alloc(8, n).toString("hex");
  const selections: [StateSelection, (one: MessageState) => boolean][] = [
    [{ states: ["QUARANTINED"] }, ({ state }) => state === "QUARANTINED"],
    [{ states: ["SCHEDULED", "IN_FLIGHT"] }, ({ state }) => state !== "QUARANTINED"],
    [{ reasons: ["NETWORK_ERROR"] }, ({ reason }) => reason === "NETWORK_ERROR"],
    [{ quarantineReasons: ["RULE"] }, ({ quarantineReason }) => quarantineReason === "RULE"],
    [{ groupIds: [idOf(3)] }, ({ group }) => group.startsWith(idOf(3))],
    [
      { states: ["IN_FLIGHT"], reasons: ["TIMEOUT"], groupIds: [idOf(1), idOf(4)] },
      ({ state, reason, group }) =>
        state === "IN_FLIGHT" &&
        reason === "TIMEOUT" &&
        [idOf(1), idOf(4)].some((id) => group.startsWith(id)),
    ],
    // Numbers of newer versions read like these, so they leave out nothing.
    [{ reasons: ["UNKNOWN_ERROR"] }, () => true],
    [{ quarantineReasons: [""] }, () => true],
    [{ groupIds: [""] }, () => true],
  ];
  for (const [selection, isSelected] of selections) {
    const page = await at.current.store.messageReads.states(QUEUE, {
      ...{ newestFirst: false, after: undefined, only: selection },
    });
    expect(page, JSON.stringify(selection)).toMatchObject({ examined: 300, next: undefined });
    expect(idsOf(page.messages)).toEqual(idsOf(every.filter(isSelected)));
  }
});

test("a queue is not read if its partition has none of the groups", async () => {
  await send({});
  const page = await at.current.store.messageReads.states(QUEUE, {
    ...{ newestFirst: false, after: undefined, only: { groupIds: ["0f".repeat(8), "odd"] } },
  });
  expect(page).toMatchObject({ messages: [], examined: 0, next: undefined });
});

test.each([false, true])(
  "pages of a selection go on where the last one ended (newest first: %s)",
  async (newestFirst) => {
    for (let n = 0; n < 60; n++) {
      await send(...Array.from({ length: 128 }, () => ({})));
      if (n % 25 === 0) await send({ quarantineReason: "POISON" });
    }
    const found: MessageState[] = [];
    let [after, pages, examined]: [MessagePlace | undefined, number, number] = [undefined, 0, 0];
    do {
      const page = await at.current.store.messageReads.states(QUEUE, {
        ...{ newestFirst, after, only: { states: ["QUARANTINED"] } },
      });
      found.push(...page.messages);
      after = page.next;
      pages++;
      examined += page.examined;
    } while (after !== undefined);
    expect([pages, examined, found.length]).toEqual([2, 60 * 128 + 3, 3]);
    expect(found.every(({ quarantineReason }) => quarantineReason === "POISON")).toBe(true);
    const inOrder = found.map(({ chunk }) => (newestFirst ? -chunk : chunk));
    expect(inOrder).toEqual(inOrder.toSorted((a, b) => a - b));
  },
);
