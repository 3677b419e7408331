import { expect, test } from "vitest";
import type { Claimed, JobAction, SliceOutcomes } from "../../../src/store/contract.ts";
import { START_MS, useTestStore } from "../../support/store.ts";
import {
  bytes,
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
const NUMBER = 8;

async function send(count: number) {
  const items = Array.from({ length: count }, () => item({ quarantineReason: "NON_RETRYABLE" }));
  return (await at.current.store.send(QUEUE, items, SETTINGS)).map(storedId);
}

async function states() {
  const { messages } = await at.current.store.messageReads.states(QUEUE, {
    ...{ newestFirst: false, after: undefined },
  });
  return messages;
}

/** Acts on all messages of the queue. */
async function act(action: JobAction, slice: number | undefined, number = NUMBER) {
  const { jobs } = at.current.store;
  const before = await jobs.progress(QUEUE, number);
  const items = (await states()).map(({ id, version }) => ({ id, version }));
  const result = await jobs.act(QUEUE, {
    ...{
      number,
      createdMs: START_MS,
      action,
      before,
      after: Buffer.from(`${before ?? ""}+`),
      items,
    },
    ...{ caller: "ann", note: "j-8", target: "elsewhere", ...(slice && { slice }) },
  });
  expect(result).toBe("DONE");
}

async function claim(): Promise<readonly Claimed[]> {
  return (await at.current.tick(QUEUE, [session(1)])).claimed;
}

const settle = (claimed: Claimed, ...how: Tail<Parameters<typeof outcome>>) =>
  at.current.store.settle(QUEUE, NO_REQUEST, [outcome(claimed, ...how)]);

const outcomes = (slice = 1, number = NUMBER): Promise<SliceOutcomes> =>
  at.current.store.jobs.outcomes(QUEUE, number, slice);

type Tail<T extends unknown[]> = T extends [unknown, ...infer Rest] ? Rest : never;

test("each message of a slice is counted by its first outcome", async () => {
  await send(4);
  await act("retry", 1);
  expect(await outcomes()).toMatchObject({
    messages: 4,
    succeeded: 0,
    failed: 0,
    withoutOutcome: 0,
  });
  const [first, second, third, fourth] = (await claim()) as [Claimed, Claimed, Claimed, Claimed];
  await settle(first, "succeed");
  await settle(second, "failReschedule", { delayMs: 0 });
  await settle(third, "quarantine");
  await settle(fourth, "discard");
  const counts = { messages: 4, succeeded: 1, failed: 3, withoutOutcome: 0 };
  expect(await outcomes()).toMatchObject(counts);
  await settle(only(await claim()), "succeed");
  expect(await outcomes()).toMatchObject(counts);
});

test("what is no outcome is waited for", async () => {
  await send(2);
  await act("retry", 1);
  const [released, expired] = (await claim()) as [Claimed, Claimed];
  await settle(released, "release", { delayMs: 0 });
  await at.current.clock.set(START_MS + 40_000);
  const again = await claim();
  expect(again).toHaveLength(2);
  expect(await outcomes()).toMatchObject({
    messages: 2,
    succeeded: 0,
    failed: 0,
    withoutOutcome: 0,
  });
  for (const one of again) await settle(one, "succeed");
  expect(expired.deliveryNumber).toBe(1);
  expect(await outcomes()).toMatchObject({
    messages: 2,
    succeeded: 2,
    failed: 0,
    withoutOutcome: 0,
  });
});

test("a crash loop is a failure", async () => {
  await send(1);
  await act("retry", 1);
  for (let lost = 1; (await states())[0]?.state !== "QUARANTINED"; lost++) {
    expect(await outcomes()).toMatchObject({ messages: 1, failed: 0 });
    await claim();
    await at.current.clock.set(START_MS + lost * 40_000);
    await at.current.tick(QUEUE);
  }
  expect(await states()).toMatchObject([{ quarantineReason: "CRASH_LOOP" }]);
  expect(await outcomes()).toMatchObject({ messages: 1, failed: 1 });
});

test.each(["discard", "purge", "quarantine", "retry", "edit"] as const)(
  "a message that another job acts on (%s) counts neither way",
  async (action) => {
    await send(1);
    await act("retry", 1);
    await act(action, undefined, 9);
    expect(await outcomes()).toMatchObject({
      messages: 1,
      succeeded: 0,
      failed: 0,
      withoutOutcome: 1,
    });
  },
);

test("a retry by hand is waited for, unless it edits the message", async () => {
  const [plain, edited] = (await send(2)) as [Uint8Array, Uint8Array];
  await act("retry", 1);
  const write = { edits: bytes("edited"), payloadBytes: 6, grown: 6 };
  const version = (await states())[1]?.version ?? 0;
  await at.current.store.messages.retry(QUEUE, NO_REQUEST, [
    { kind: "retry", id: plain },
    { kind: "edit", id: edited, version, write } as never,
  ]);
  expect(await outcomes()).toMatchObject({ messages: 2, succeeded: 0, withoutOutcome: 1 });
});

test("a canary of another job takes a message over", async () => {
  await send(1);
  await act("retry", 1);
  await act("retry", 2, 9);
  await settle(only(await claim()), "succeed");
  expect(await outcomes()).toMatchObject({ messages: 1, succeeded: 0, withoutOutcome: 1 });
  expect(await outcomes(2, 9)).toMatchObject({ messages: 1, succeeded: 1, withoutOutcome: 0 });
});

test("a life that ends is no outcome", async () => {
  const [id] = await at.current.store.send(QUEUE, [item({ ttlMs: 60_000 })], SETTINGS);
  expect(id?.status).toBe("stored");
  await act("retry", 1);
  await at.current.clock.set(START_MS + 120_000);
  await at.current.tick(QUEUE);
  expect(await outcomes()).toMatchObject({ messages: 1, failed: 0, withoutOutcome: 1 });
});

test("slices are counted apart, and forgotten together", async () => {
  await send(1);
  await act("retry", 1);
  await settle(only(await claim()), "succeed");
  await send(1);
  await act("retry", 2);
  expect([await outcomes(1), await outcomes(2)]).toMatchObject([
    { messages: 1, succeeded: 1 },
    { messages: 1, succeeded: 0 },
  ]);
  await at.current.store.jobs.forgetOutcomes(QUEUE, NUMBER);
  expect([await outcomes(1), await outcomes(2)]).toMatchObject([{ messages: 0 }, { messages: 0 }]);
});

test("failures are counted by the group that they fall into", async () => {
  await send(2);
  await act("retry", 1);
  const group = { digest: new Uint8Array(16).fill(7), describe: () => bytes("a group") };
  for (const one of await claim()) await settle(one, "failReschedule", { group });
  expect((await outcomes()).failures).toEqual(new Map([["07".repeat(16), 2]]));
});

test("damaged keys of a canary refuse no outcome", async () => {
  await send(1);
  await act("retry", 1);
  const { redis } = at.current;
  await redis.set(at.current.key(QUEUE, ":canary"), "damaged");
  await redis.set(at.current.key(QUEUE, `:slices:${NUMBER}`), "damaged");
  await settle(only(await claim()), "succeed");
  expect(await states()).toEqual([]);
});
