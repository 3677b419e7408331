import { expect, test } from "vitest";
import type { MessageFilter } from "../../../src/core/message.ts";
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
const LATER_MS = 3_600_000;

const send = async (...items: Partial<SendItem>[]) =>
  (await at.current.store.send(QUEUE, items.map(item), SETTINGS)).map(storedId);
const message = async (id: Uint8Array) => (await at.current.dump(QUEUE)).messages.get(hex(id));
const filter = (over: Partial<MessageFilter> = {}): MessageFilter => ({
  states: [],
  reasons: [],
  quarantineReasons: [],
  ...over,
});
const matching = (expectedCount: number, over: Partial<MessageFilter> = {}, request = NO_REQUEST) =>
  at.current.store.messages.retryMatching(QUEUE, request, { filter: filter(over), expectedCount });
const done = (retriedCount: number) => ({ retriedCount, refused: [] });

test("SCHEDULED: due now, with its attempts", async () => {
  const id = only(await send({}));
  const claimed = only((await at.current.tick(QUEUE, [session(1)])).claimed);
  await at.current.store.settle(QUEUE, NO_REQUEST, [
    outcome(claimed, "failReschedule", { delayMs: LATER_MS }),
  ]);
  expect(await at.current.store.messages.retry(QUEUE, NO_REQUEST, toRetry([id]))).toEqual(done(1));
  expect(await message(id)).toMatchObject({ state: "SCHEDULED", attempts: 1, dueAtMs: START_MS });
});

test("QUARANTINED: a new round, its history kept", async () => {
  const id = only(await send({}));
  for (const kind of ["failReschedule", "failQuarantine"] as const) {
    const claimed = only((await at.current.tick(QUEUE, [session(1)])).claimed);
    await at.current.store.settle(QUEUE, NO_REQUEST, [outcome(claimed, kind, { delayMs: 0 })]);
  }
  expect(await message(id)).toMatchObject({ state: "QUARANTINED", attempts: 2 });
  await at.current.store.messages.retry(QUEUE, NO_REQUEST, toRetry([id]));
  expect(await message(id)).toMatchObject({
    state: "SCHEDULED",
    quarantineReason: undefined,
    attempts: 0,
    failures: 3,
    history: ["attempt failed", "attempt failed"],
    deliveryNumber: 2,
    dueAtMs: START_MS,
  });
  expect((await at.current.dump(QUEUE)).changes.at(-1)?.kind).toBe("retried");
});

test("a crash loop comes back as an ordinary message", async () => {
  const id = only(await send({}));
  for (let n = 0; n < 5; n++) {
    await at.current.tick(QUEUE, [session(1)]);
    await at.current.clock.advance(30_000);
    await at.current.tick(QUEUE);
  }
  expect(await message(id)).toMatchObject({ quarantineReason: "CRASH_LOOP" });
  await at.current.store.messages.retry(QUEUE, NO_REQUEST, toRetry([id]));
  expect(await message(id)).toMatchObject({ isolated: false, expiries: 0 });
});

test("IN_FLIGHT and unknown ids are refused by their index, the others retried", async () => {
  const [flying, waiting] = (await send({}, { delayMs: LATER_MS })) as [Uint8Array, Uint8Array];
  await at.current.tick(QUEUE, [session(1)]);
  const ids = [new Uint8Array(16), flying, waiting];
  expect(await at.current.store.messages.retry(QUEUE, NO_REQUEST, toRetry(ids))).toEqual({
    retriedCount: 1,
    refused: [
      { index: 0, refusal: "NOT_FOUND" },
      { index: 1, refusal: "IN_FLIGHT" },
    ],
  });
});

test("a repeated request is answered as before and changes nothing", async () => {
  const [id] = (await send({ quarantineReason: "PRODUCER_REQUEST" })) as [Uint8Array];
  const request = bytes("r");
  const first = await at.current.store.messages.retry(QUEUE, request, toRetry([id]));
  const claimed = only((await at.current.tick(QUEUE, [session(1)])).claimed);
  await at.current.store.settle(QUEUE, NO_REQUEST, [outcome(claimed, "quarantine")]);
  const before = await at.current.dump(QUEUE);
  expect(await at.current.store.messages.retry(QUEUE, request, toRetry([id]))).toEqual(first);
  expect(await at.current.dump(QUEUE)).toEqual(before);
});

const MIX: Partial<SendItem>[] = [
  { quarantineReason: "PRODUCER_REQUEST", reason: "WEBHOOK_FAILED" },
  { quarantineReason: "PRODUCER_REQUEST", reason: "TIMEOUT" },
  { quarantineReason: "NON_RETRYABLE", reason: "TIMEOUT" },
  { delayMs: LATER_MS, reason: "TIMEOUT" },
  { delayMs: LATER_MS, reason: "WEBHOOK_FAILED" },
];

test.each<[string, Partial<MessageFilter>, number[]]>([
  ["an empty filter: all of quarantine", {}, [0, 1, 2]],
  ["a reason", { reasons: ["TIMEOUT"] }, [1, 2]],
  ["two reasons", { reasons: ["TIMEOUT", "WEBHOOK_FAILED"] }, [0, 1, 2]],
  ["a quarantine reason", { quarantineReasons: ["PRODUCER_REQUEST"] }, [0, 1]],
  ["both", { reasons: ["TIMEOUT"], quarantineReasons: ["NON_RETRYABLE", "POISON"] }, [2]],
  ["SCHEDULED", { states: ["SCHEDULED"] }, [3, 4]],
  ["SCHEDULED and a reason", { states: ["SCHEDULED"], reasons: ["WEBHOOK_FAILED"] }, [4]],
  ["both states", { states: ["SCHEDULED", "QUARANTINED"] }, [0, 1, 2, 3, 4]],
  [
    "both states, and a quarantine reason that no scheduled one has",
    { states: ["SCHEDULED", "QUARANTINED"], quarantineReasons: ["NON_RETRYABLE"] },
    [2],
  ],
  [
    "SCHEDULED with a quarantine reason: nothing",
    { states: ["SCHEDULED"], quarantineReasons: ["POISON"] },
    [],
  ],
])("a filter by %s", async (_, over, expected) => {
  const ids = await send(...MIX);
  await at.current.clock.advance(1_000);
  expect(await matching(expected.length, over)).toEqual(done(expected.length));
  const dump = await at.current.dump(QUEUE);
  const due = ids.flatMap((id, index) =>
    dump.indexes.due.get(hex(id)) === START_MS + 1_000 ? [index] : [],
  );
  expect(due).toEqual(expected);
});

test("a wrong expected count changes nothing and returns how many match", async () => {
  await send(...MIX);
  const before = await at.current.dump(QUEUE);
  expect(await matching(2, {}, bytes("r"))).toEqual({ mismatch: 3 });
  expect(await matching(4, {}, bytes("r"))).toEqual({ mismatch: 3 });
  expect(await matching(0)).toEqual({ mismatch: 3 });
  expect(await at.current.dump(QUEUE)).toEqual(before);
  expect(await matching(3, {}, bytes("r"))).toEqual(done(3));
  expect(await matching(3, {}, bytes("r")), "the same request again").toEqual(done(3));
});

test("0 expected in an empty queue does nothing", async () => {
  expect(await matching(0)).toEqual(done(0));
});

test("matches beyond the first pages are found, isolated ones too", async () => {
  const many = Array.from(
    { length: 1_100 },
    (_, n): Partial<SendItem> => ({
      delayMs: LATER_MS + n,
      reason: n % 100 === 99 ? "PLUGIN_ERROR" : "TIMEOUT",
    }),
  );
  await send(...many);
  await send({ reason: "PLUGIN_ERROR" });
  for (let n = 0; n < 2; n++) {
    await at.current.tick(QUEUE, [session(1)]);
    await at.current.clock.advance(30_000);
    await at.current.tick(QUEUE);
  }
  expect((await at.current.dump(QUEUE)).indexes.isolated.size).toBe(1);
  const over = { states: ["SCHEDULED" as const], reasons: ["PLUGIN_ERROR" as const] };
  expect(await matching(12, over)).toEqual(done(12));
  const { indexes } = await at.current.dump(QUEUE);
  const now = [...indexes.due.values(), ...indexes.isolated.values()].filter(
    (due) => due === at.current.clock.nowMs,
  );
  expect(now).toHaveLength(12);
});

test("a thousand in one step", async () => {
  await send(...Array.from({ length: 1_000 }, () => ({ quarantineReason: "POISON" as const })));
  expect(await matching(1_000)).toEqual(done(1_000));
});
