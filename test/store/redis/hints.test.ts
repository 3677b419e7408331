import { beforeEach, expect, test } from "vitest";
import { formatMessageId } from "../../../src/core/message-id.ts";
import type { RedisStore } from "../../../src/store/redis/redis-store.ts";
import { until, useTestStore } from "../../support/store.ts";
import {
  item,
  NO_REQUEST,
  only,
  outcome,
  SETTINGS,
  session,
  sessionId,
  storedId,
  toRetry,
} from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";

let other: RedisStore;
let received: string[];
beforeEach(async () => {
  received = [];
  other = at.current.openStore();
  other.hints.onWake((queue) => received.push(`wake ${queue}`));
  other.hints.onCredit((id) => received.push(`credit ${id}`));
  other.hints.onTakeover((id) => received.push(`takeover ${id}`));
  other.hints.onQuiet((id) => received.push(`quiet ${id}`));
  await new Promise<void>((resolve) => other.hints.onReconnect(resolve));
});

/** Returns the hints since the last call. A last hint of its own proves that all have arrived. */
async function hints(): Promise<string[]> {
  await at.current.redis.publish(`${at.current.prefix}:wake`, "end");
  await until("the last hint", () => received.includes("wake end") || undefined);
  return received.splice(0).filter((hint) => hint !== "wake end");
}
const send = async (...items: Parameters<typeof item>[0][]) =>
  (await at.current.store.send(QUEUE, items.map(item), SETTINGS)).map(storedId);
const WAKE = `wake ${QUEUE}`;
const ENDED = { queue: QUEUE, messageId: sessionId(7), deliveryNumber: 3 };

test("a send wakes only when its message is due before all others", async () => {
  await send({ delayMs: 60_000 });
  expect(await hints()).toEqual([WAKE]);
  await send({ delayMs: 90_000 }, { delayMs: 60_000 });
  expect(await hints()).toEqual([]);
  await send({ delayMs: 70_000 }, { delayMs: 50_000 }, { delayMs: 40_000 });
  expect(await hints()).toEqual([WAKE]);
  await send({ quarantineReason: "POISON" });
  expect(await hints()).toEqual([]);
});

test("outcomes and retries also send wake-ups", async () => {
  const { store } = at.current;
  const [, second] = await send({}, { delayMs: 60_000 });
  await hints();
  const claimed = only((await at.current.tick(QUEUE, [session(1)])).claimed);
  expect(await hints()).toEqual([]);
  await store.settle(QUEUE, NO_REQUEST, [outcome(claimed, "failReschedule", { delayMs: 90_000 })]);
  expect(await hints()).toEqual([]);
  await store.messages.retry(QUEUE, NO_REQUEST, toRetry([second as Uint8Array]));
  expect(await hints()).toEqual([WAKE]);
});

test("a message that waits for isolated delivery does not suppress wake-ups for others", async () => {
  await send({});
  for (let n = 0; n < 2; n++) {
    await at.current.tick(QUEUE, [session(1)]);
    await at.current.clock.advance(30_000);
    await at.current.tick(QUEUE);
  }
  await hints();
  await at.current.clock.advance(1_000);
  await send({ delayMs: 5_000 });
  expect(await hints()).toEqual([WAKE]);
});

test("an expired lease that makes its message due wakes the others", async () => {
  await send({});
  await at.current.tick(QUEUE, [session(1)]);
  await hints();
  await at.current.clock.advance(30_000);
  await at.current.tick(QUEUE);
  expect(await hints()).toEqual([WAKE]);
});

test("credit, takeover and quiet reach only other nodes", async () => {
  const own: string[] = [];
  const leases: unknown[] = [];
  at.current.store.hints.onCredit((id) => own.push(id));
  at.current.store.hints.onQuiet((id) => own.push(id));
  other.hints.onCredit((_, ended) => leases.push(ended));
  const id = formatMessageId(sessionId(1));
  at.current.store.hints.announceCredit(id, [ENDED]);
  at.current.store.hints.announceTakeover(id);
  at.current.store.hints.announceQuiet(id);
  await until("all", () => received.length >= 3 || undefined);
  expect(await hints()).toEqual([`credit ${id}`, `takeover ${id}`, `quiet ${id}`]);
  expect(own).toEqual([]);
  expect(leases).toEqual([[ENDED]]);
});

test("deployments that share a Redis get only their own hints", async () => {
  const other = at.current.openStore({ prefix: `${at.current.prefix}-other` });
  await until("the connection", () => other.ready || undefined);
  other.hints.announceCredit("x", []);
  await at.current.redis.set(`${at.current.prefix}-other:clock`, 1);
  await other.send(QUEUE, [item()], SETTINGS);
  expect(await hints()).toEqual([]);
});
