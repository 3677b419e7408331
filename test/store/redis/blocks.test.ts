import { expect, test } from "vitest";
import { NO_DELIVERY_SETTINGS } from "../../../src/core/delivery-settings.ts";
import type { SendItem } from "../../../src/store/contract.ts";
import { BREAKER } from "../../support/key-queue-steps.ts";
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

const send = async (over: Partial<SendItem> = {}) =>
  storedId(only(await at.current.store.send(QUEUE, [item(over)], SETTINGS)));
const claim = async (count = 100) =>
  (await at.current.tick(QUEUE, [session(1, { count })])).claimed;
const blocks = (id: Uint8Array) => at.current.store.messageReads.blocks(QUEUE, id);

test("a due message is behind those that were due before", async () => {
  await send({ delayMs: 1_000 });
  await send();
  const id = await send({ delayMs: 2_000 });
  expect(await blocks(id)).toEqual({
    ...{ limiter: undefined, key: "", inFlightOfKey: 0, checkAtMs: undefined },
    ...{ breaker: { state: "CLOSED", retryAtMs: undefined }, behind: undefined, ahead: 2 },
  });
});

test("a message with a priority has an unknown place", async () => {
  const id = await send({ priority: 5 });
  expect((await blocks(id))?.ahead).toBeUndefined();
});

test("a message behind another one of its ordering key names it", async () => {
  at.current.deliverySettings = {
    ...NO_DELIVERY_SETTINGS,
    ordering: "hold",
    orderingHoldMaxAgeMs: 9_000,
  };
  const first = await send({ orderingKey: "c" });
  const second = await send({ orderingKey: "c" });
  expect((await blocks(first))?.behind).toBeUndefined();
  expect((await blocks(second))?.behind).toEqual({
    ...{ id: first, orderingKey: "c", state: "SCHEDULED", holdEndsAtMs: undefined },
  });
  const claimed = only(await claim());
  const quarantine = outcome(claimed, "quarantine", { quarantineReason: "WORKER_REQUEST" });
  await at.current.store.settle(QUEUE, NO_REQUEST, [quarantine]);
  expect((await blocks(second))?.behind).toMatchObject({
    ...{ id: first, state: "QUARANTINED", holdEndsAtMs: START_MS + 9_000 },
  });
});

test("a message of a limiter key that is at its limit, or whose breaker is open", async () => {
  const limits = { ...NO_DELIVERY_SETTINGS, keyAttribute: "host", keyMaxInFlight: 1 };
  at.current.deliverySettings = {
    ...limits,
    breaker: { ...BREAKER, scope: "key", minimumVolume: 1 },
  };
  await send({ limiterKey: "acme" });
  const second = await send({ limiterKey: "acme" });
  const [held] = await claim();
  await claim();
  expect(await blocks(second)).toMatchObject({ limiter: "key", key: "acme", inFlightOfKey: 1 });
  if (held === undefined) throw new Error("one is claimed");
  const failed = { failure: bytes("no"), countsForBreaker: true, delayMs: 0 };
  await at.current.store.settle(QUEUE, NO_REQUEST, [outcome(held, "failReschedule", failed)]);
  await claim();
  expect(await blocks(second)).toMatchObject({
    limiter: "key",
    breaker: { state: "OPEN", retryAtMs: START_MS + BREAKER.openMs },
  });
});

test("only a scheduled message is held back", async () => {
  const id = await send();
  await claim();
  expect(await blocks(id)).toBeUndefined();
  expect(await blocks(new Uint8Array(16))).toBeUndefined();
});
