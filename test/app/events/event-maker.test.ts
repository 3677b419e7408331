import { describe, expect, test } from "vitest";
import { EventMaker } from "../../../src/app/events/event-maker.ts";
import { EVENT_TYPE_NAMES } from "../../../src/core/event.ts";
import type { OutboxChange } from "../../../src/store/contract/outbox.ts";
import type { GroupBeginning } from "../../../src/store/contract.ts";

const TYPES = new Set(["message_added", "group_opened", "group_regressed"] as const);

function changeOf(number: number, more: Partial<OutboxChange> = {}): OutboxChange {
  return {
    ...{ partition: 3, epochMs: 1, number, atMs: 7, queue: "orders", kind: "GROUP_OPENED" },
    ...{ id: new Uint8Array(16), version: 1, state: "SCHEDULED", reason: undefined },
    ...{ quarantineReason: undefined, attempts: 0, deliveryNumber: 0, dueAtMs: undefined },
    ...{ note: digest(number), fields: new Uint8Array() },
    ...more,
  };
}
const digest = (number: number) => number.toString(16).padStart(32, "0");
const began = (partition: number, firstFailureAtMs: number): GroupBeginning => ({
  ...{ partition, firstFailureAtMs, regressedAtMs: undefined },
});

/** A maker, and the digests that it asked the store for, call by call. */
function makerOf(beginningsOf: (digest: string) => readonly GroupBeginning[]) {
  const calls: string[][] = [];
  const store = {
    outbox: { storeId: "abcdef" },
    groups: {
      async beginnings(digests: readonly string[]) {
        calls.push([...digests]);
        return new Map(digests.map((one) => [one, beginningsOf(one)]));
      },
    },
  };
  return { maker: new EventMaker({ store, redactOf: () => [], isShared: true }), calls };
}

const numbersOf = (events: readonly { id: string }[]) =>
  events.map(({ id }) => Number(id.split("-")[3]));

test("asks once for all groups of a page, also for more than are cached", async () => {
  const { maker, calls } = makerOf(() => [began(3, 5)]);
  const changes = Array.from({ length: 1_500 }, (_, n) => changeOf(n));
  expect(numbersOf(await maker.eventsOf(changes, TYPES))).toEqual(changes.map((one) => one.number));
  expect(calls.map(({ length }) => length)).toEqual([1_500]);
  await maker.eventsOf([changeOf(1_499)], TYPES);
  expect(calls).toHaveLength(1);
});

test("a group is opened by the partition that had it first, in the order of other changes", async () => {
  const { maker } = makerOf((of) => [began(3, 5), began(9, of === digest(1) ? 4 : 6)]);
  const changes = [
    ...[changeOf(0, { kind: "SENT" }), changeOf(1), changeOf(2)],
    changeOf(3, { kind: "SENT" }),
  ];
  expect(numbersOf(await maker.eventsOf(changes, TYPES))).toEqual([0, 2, 3]);
});

test("asks for no groups whose events nobody wants", async () => {
  const { maker, calls } = makerOf(() => []);
  expect(await maker.eventsOf([changeOf(0)], new Set(["message_added"] as const))).toEqual([]);
  expect(calls).toEqual([]);
});

test("what the store did not answer is asked again", async () => {
  let fails = true;
  const { maker } = makerOf(() => {
    if (fails) throw new Error("no answer");
    return [began(3, 5)];
  });
  await expect(maker.eventsOf([changeOf(0)], TYPES)).rejects.toThrow("no answer");
  fails = false;
  expect(await maker.eventsOf([changeOf(0)], TYPES)).toHaveLength(1);
});

const ALL = new Set(EVENT_TYPE_NAMES);
const change = (number: number) =>
  changeOf(number, {
    kind: "DISCARDED",
    state: "DISCARDED",
    id: new Uint8Array(16).fill(1),
    note: "card 4711",
  });

function createMaker(isShared: boolean) {
  const state = { redact: [] as readonly string[] };
  const maker = new EventMaker({
    store: { groups: { beginnings: async () => new Map() }, outbox: { storeId: "abcdef" } },
    redactOf: () => state.redact,
    isShared,
  });
  return { maker, state };
}

test("readers of the same change share its events", async () => {
  const { maker } = createMaker(true);
  const one = change(1);
  const [first] = await maker.eventsOf([one], ALL);
  const [second] = await maker.eventsOf([one], new Set(["discarded"] as const));
  expect(second).toBe(first);
  expect(await maker.eventsOf([one], new Set(["purged"] as const))).toEqual([]);
});

test("the only reader of a change gets events that nobody keeps", async () => {
  const { maker } = createMaker(false);
  const one = change(1);
  const [first] = await maker.eventsOf([one], ALL);
  const [second] = await maker.eventsOf([one], ALL);
  expect(second).not.toBe(first);
  expect(second).toEqual(first);
});

describe.each([true, false])("shared: %s", (isShared) => {
  test("a queue that begins to hide values hides them in events that were made before", async () => {
    const { maker, state } = createMaker(isShared);
    const one = change(1);
    expect((await maker.eventsOf([one], ALL))[0]?.note).toBe("card 4711");
    state.redact = ["payload.card"];
    expect((await maker.eventsOf([one], ALL))[0]?.note).not.toContain("4711");
  });

  test("what to hide need not be known for events that nobody wants", async () => {
    const maker = new EventMaker({
      store: { groups: { beginnings: async () => new Map() }, outbox: { storeId: "abcdef" } },
      redactOf() {
        throw new Error("settings are not known yet");
      },
      isShared,
    });
    expect(await maker.eventsOf([change(1)], new Set(["purged"] as const))).toEqual([]);
    await expect(maker.eventsOf([change(1)], ALL)).rejects.toThrow("not known yet");
  });
});

test("events are not kept without bound", async () => {
  const { maker } = createMaker(true);
  const one = change(1);
  const [first] = await maker.eventsOf([one], ALL);
  for (let n = 2; n < 2_000; n++) await maker.eventsOf([change(n)], ALL);
  const [again] = await maker.eventsOf([one], ALL);
  expect(again).not.toBe(first);
  expect(again).toEqual(first);
});
