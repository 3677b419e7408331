import { expect, test } from "vitest";
import type { Claimed } from "../../../../src/store/contract.ts";
import { keyQueueSteps } from "../../../support/key-queue-steps.ts";
import { START_MS, useTestStore } from "../../../support/store.ts";
import { NO_REQUEST, toRetry } from "../../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";
const { useSettings, send, claim, claimNames, names, settle } = keyQueueSteps(at, QUEUE);
const HOUR_MS = 3_600_000;

function keyed(over: { hold?: boolean } = {}): void {
  useSettings({ ordering: over.hold ? "hold" : "key", orderingHoldMaxAgeMs: HOUR_MS });
}
const a = (name: string, over = {}) => ({ name, orderingKey: "a", ...over });

test("one message of a key at a time, in the order of arrival; other keys go on", async () => {
  keyed();
  await send(a("a1"), a("a2"), { name: "b1", orderingKey: "b" }, a("a3"), { name: "free" });
  const first = await claim();
  expect(names(first)).toEqual(["a1", "b1", "free"]);
  expect(await claimNames()).toEqual([]);
  await settle(first, "succeed");
  const second = await claim();
  expect(names(second)).toEqual(["a2"]);
  await settle(second, "discard");
  expect(await claimNames()).toEqual(["a3"]);
});

test("a failed message keeps its turn: the next waits for its retry", async () => {
  keyed();
  await send(a("a1"), a("a2"));
  await settle(await claim(), "failReschedule", { delayMs: 1_000 });
  expect(await claimNames()).toEqual([]);
  await at.current.clock.advance(1_000);
  expect(await claimNames()).toEqual(["a1"]);
});

test("a key waits for its first message, also when a later one is due before", async () => {
  keyed();
  await send(a("a1", { delayMs: 500 }), a("a2"));
  expect(await claimNames()).toEqual([]);
  expect((await at.current.tick(QUEUE, [])).nextDueAtMs).toBe(START_MS + 500);
  await at.current.clock.advance(500);
  await settle(await claim(), "succeed");
  expect(await claimNames()).toEqual(["a2"]);
});

test("a lease that expires keeps the turn", async () => {
  keyed();
  await send(a("a1"), a("a2"));
  await claim({ leaseMs: 1_000 });
  await at.current.clock.advance(1_000);
  expect(await claimNames()).toEqual(["a1"]);
});

test("a quarantined message leaves the order, and goes first again after a retry", async () => {
  keyed();
  await send(a("a1"), a("a2"), a("a3"));
  const first = await claim();
  await settle(first, "quarantine");
  const second = await claim();
  expect(names(second)).toEqual(["a2"]);
  await at.current.store.messages.retry(QUEUE, NO_REQUEST, toRetry([first[0]?.id as Uint8Array]));
  expect(await claimNames()).toEqual([]);
  await settle(second, "succeed");
  expect(await claimNames()).toEqual(["a1"]);
});

test("a retried message goes before one that waits for its due time", async () => {
  keyed();
  await send(a("a1"), a("a2", { delayMs: 5_000 }));
  const first = await claim();
  await settle(first, "quarantine");
  await at.current.store.messages.retry(QUEUE, NO_REQUEST, toRetry([first[0]?.id as Uint8Array]));
  expect(await claimNames()).toEqual(["a1"]);
  await at.current.clock.advance(5_000);
  expect(await claimNames()).toEqual([]);
});

test("with hold a key waits behind its quarantined message until that is retried", async () => {
  keyed({ hold: true });
  await send(a("a1"), a("a2"));
  const first = await claim();
  await settle(first, "quarantine");
  expect(await claimNames()).toEqual([]);
  expect((await at.current.store.stats([QUEUE]))[0]?.heldKeys).toBe(1);
  await at.current.store.messages.retry(QUEUE, NO_REQUEST, toRetry([first[0]?.id as Uint8Array]));
  const again = await claim();
  expect(names(again)).toEqual(["a1"]);
  await settle(again, "succeed");
  expect(await claimNames()).toEqual(["a2"]);
});

test("a hold ends with its age, and the pump knows when", async () => {
  keyed({ hold: true });
  await send(a("a1"), a("a2"));
  await settle(await claim(), "quarantine");
  expect((await at.current.tick(QUEUE, [])).nextEndAtMs).toBe(START_MS + HOUR_MS);
  await at.current.clock.advance(HOUR_MS);
  expect(await claimNames()).toEqual(["a2"]);
  expect((await at.current.store.stats([QUEUE]))[0]?.heldKeys).toBe(0);
});

test("a hold ends when the ordering setting is no longer `hold`", async () => {
  keyed({ hold: true });
  await send(a("a1"), a("a2"));
  await settle(await claim(), "quarantine");
  keyed();
  expect(await claimNames()).toEqual(["a2"]);
});

test("a late outcome that quarantines a message again starts its hold again", async () => {
  keyed({ hold: true });
  await send(a("a1"), a("a2"));
  let last: readonly Claimed[] = [];
  for (let time = 0; time < 5; time++) {
    last = await claim({ leaseMs: 1_000 });
    await at.current.clock.advance(1_000);
    await at.current.tick(QUEUE, []);
  }
  expect((await at.current.tick(QUEUE, [])).nextEndAtMs).toBe(START_MS + 5_000 + HOUR_MS);
  await at.current.clock.advance(1_000);
  await settle(last, "failQuarantine");
  expect((await at.current.tick(QUEUE, [])).nextEndAtMs).toBe(START_MS + 6_000 + HOUR_MS);
});

test("when the rules no longer say so, all holds of a key end without a pause between", async () => {
  keyed({ hold: true });
  const quarantined = { quarantineReason: "PRODUCER_REQUEST" };
  await send(a("a1", quarantined), a("a2", quarantined), a("a3"));
  keyed();
  // The hold of a1 ends and that of a2 begins: the pump must not sleep until its next safety tick.
  expect((await at.current.tick(QUEUE, [])).nextEndAtMs).toBe(START_MS);
  expect(await claimNames()).toEqual(["a3"]);
});

test("a message that is quarantined on arrival holds its key too", async () => {
  keyed({ hold: true });
  await send(a("a1", { quarantineReason: "PRODUCER_REQUEST" }), a("a2"));
  expect(await claimNames()).toEqual([]);
});

test("a waiting message whose life ends leaves the order", async () => {
  keyed();
  await send(a("a1"), a("a2", { ttlMs: 1_000 }), a("a3"));
  const first = await claim();
  await at.current.clock.advance(1_001);
  await at.current.tick(QUEUE, []);
  await settle(first, "succeed");
  expect(await claimNames()).toEqual(["a3"]);
});

test("nothing is kept of a key that has no message", async () => {
  keyed();
  await send(a("a1"), a("a2"));
  await settle(await claim(), "succeed");
  await settle(await claim(), "succeed");
  const { keyQueues } = await at.current.dump(QUEUE);
  expect([keyQueues.turns.size, keyQueues.orders.size, keyQueues.holds.size]).toEqual([0, 0, 0]);
});

test("order, key limits and priority hold together", async () => {
  useSettings({ ordering: "key", keyAttribute: "host", keyMaxInFlight: 1 });
  await send(
    a("a1", { limiterKey: "h" }),
    a("a2", { limiterKey: "h", priority: 50 }),
    { name: "b1", orderingKey: "b", limiterKey: "h", priority: 10 },
    { name: "other", limiterKey: "g" },
  );
  const first = await claim();
  expect(names(first)).toEqual(["b1", "other"]);
  await settle(first.slice(0, 1), "succeed");
  const second = await claim();
  expect(names(second)).toEqual(["a1"]);
  await settle(second, "succeed");
  expect(await claimNames()).toEqual(["a2"]);
});

test("a held key can be released once; its message stays in quarantine", async () => {
  keyed({ hold: true });
  await send(a("a1"), a("a2"));
  const [first] = await claim();
  await settle([first as Claimed], "quarantine");
  expect(await at.current.store.deliveryBlocks.releaseOrder(QUEUE, "a")).toEqual(first?.id);
  expect(await at.current.store.deliveryBlocks.releaseOrder(QUEUE, "a")).toBeUndefined();
  expect(await at.current.store.deliveryBlocks.releaseOrder(QUEUE, "unused")).toBeUndefined();
  expect(await claimNames()).toEqual(["a2"]);
  expect((await at.current.store.stats([QUEUE]))[0]?.quarantined).toBe(1);
});

test("an earlier message that comes back goes before the retry of a later one", async () => {
  keyed();
  await send(a("a1"), a("a2"));
  const first = await claim();
  await settle(first, "quarantine");
  const second = await claim();
  await at.current.store.messages.retry(QUEUE, NO_REQUEST, toRetry([first[0]?.id as Uint8Array]));
  await settle(second, "failReschedule", { delayMs: 0 });
  const third = await claim();
  expect(names(third)).toEqual(["a1"]);
  await settle(third, "succeed");
  expect(await claimNames()).toEqual(["a2"]);
});

test("a message that lost its turn counts as scheduled", async () => {
  keyed();
  await send(a("a1"));
  const first = await claim();
  await settle(first, "quarantine");
  await send(a("a2"));
  await at.current.store.messages.retry(QUEUE, NO_REQUEST, toRetry([first[0]?.id as Uint8Array]));
  expect((await at.current.store.stats([QUEUE]))[0]?.scheduled).toBe(2);
});

test("a hold without an age lasts until the message is retried or released", async () => {
  useSettings({ ordering: "hold", orderingHoldMaxAgeMs: 0 });
  await send(a("a1"), a("a2"));
  await settle(await claim(), "quarantine");
  expect((await at.current.tick(QUEUE, [])).nextEndAtMs).toBeUndefined();
  await at.current.clock.advance(365 * 24 * HOUR_MS);
  expect(await claimNames()).toEqual([]);
  expect(await at.current.store.deliveryBlocks.releaseOrder(QUEUE, "a")).toBeDefined();
  expect(await claimNames()).toEqual(["a2"]);
});

test("messages keep their order when the queue stops keeping order", async () => {
  keyed();
  await send(a("a1"), a("a2"));
  useSettings({});
  await send({ name: "a3" });
  const first = await claim();
  expect(names(first)).toEqual(["a1", "a3"]);
  await settle(first, "succeed");
  expect(await claimNames()).toEqual(["a2"]);
});

test("the tick returns the end of a hold that begins in the first tick of a queue", async () => {
  keyed({ hold: true });
  await send(a("a1", { ttlMs: 1_000 }));
  await at.current.clock.advance(1_001);
  const { nextEndAtMs, nowMs } = await at.current.tick(QUEUE, []);
  expect(nextEndAtMs).toBe(nowMs + HOUR_MS);
});
