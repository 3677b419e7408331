import { expect, test } from "vitest";
import { START_MS, useTestStore } from "../../support/store.ts";
import {
  bytes,
  item,
  NO_REQUEST,
  only,
  outcome,
  SETTINGS,
  session,
} from "../../support/store-items.ts";

// Stats returns the age of the oldest message, also if messages come from other queues.

const at = useTestStore();
const LATER_MS = 3_600_000;

const oldest = async (queue: string) =>
  (await at.current.store.stats([queue])).map((one) => one.oldestAtMs)[0];
const claim = async (queue: string) =>
  only((await at.current.tick(queue, [session(1, { count: 1 })])).claimed);

/** Fails the due message of a queue, and moves it to another one. */
async function move(from: string, target: string): Promise<void> {
  const { store } = at.current;
  const move = outcome(await claim(from), "failMove", {
    ...{ delayMs: 0, reason: "TIMEOUT" as const, failure: bytes("f") },
    move: { target, ifRefused: { delayMs: 0 } },
  });
  await store.settle(from, NO_REQUEST, [move]);
  const messages = await store.moves.pending(from, { olderThanMs: 0 });
  const items = messages.map((message) => ({ message, limiterKey: "", orderingKey: "" }));
  await store.moves.receive(target, from, items, SETTINGS);
  await store.moves.end(
    from,
    messages.map((message) => ({ message, received: true })),
  );
}

test("a moved-in message counts with the time when it was first accepted", async () => {
  const { store, clock } = at.current;
  await store.send("a", [item()], SETTINGS);
  await clock.advance(1_000);
  // More than a chunk of younger messages is there already.
  const younger = Array.from({ length: 200 }, () => item({ delayMs: LATER_MS }));
  await store.send("b", younger, SETTINGS);
  expect(await oldest("b")).toBe(START_MS + 1_000);
  await clock.advance(1_000);
  await move("a", "b");
  expect(await oldest("a")).toBeUndefined();
  expect(await oldest("b")).toBe(START_MS);

  // It goes on to a third queue, and back to the first; then it is gone.
  await move("b", "c");
  expect([await oldest("b"), await oldest("c")]).toEqual([START_MS + 1_000, START_MS]);
  await move("c", "a");
  expect([await oldest("c"), await oldest("a")]).toEqual([undefined, START_MS]);
  await at.current.checkAllQueues();
  await store.settle("a", NO_REQUEST, [outcome(await claim("a"), "succeed")]);
  expect(await oldest("a")).toBeUndefined();
});

test("the by-age index is deleted with its queue", async () => {
  const { store } = at.current;
  await store.send("a", [item()], SETTINGS);
  await move("a", "b");
  await store.deletion.seal("b", 1);
  while ((await store.deletion.purge("b")) === "removed") await at.current.checkInvariants("b");
  await store.deletion.remove("b");
  await at.current.clock.advance(1_000);
  await store.send("b", [item()], SETTINGS);
  expect(await oldest("b")).toBe(START_MS + 1_000);
});
