import { expect, test } from "vitest";
import { NO_DELIVERY_SETTINGS } from "../../../src/core/delivery-settings.ts";
import { BREAKER } from "../../support/key-queue-steps.ts";
import { START_MS, useTestStore } from "../../support/store.ts";
import {
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

async function held(over: Parameters<typeof item>[0] = {}) {
  const id = storedId(only(await at.current.store.send(QUEUE, [item(over)], SETTINGS)));
  const claimed = only((await at.current.tick(QUEUE, [session(1)])).claimed);
  await at.current.clock.set(START_MS + 5_000);
  return { id, claimed };
}
const BY_ANN = { note: "broken by ann", caller: "ann" };
const breakLease = (id: Uint8Array, over: { deliveryNumber?: number } = {}) =>
  at.current.store.breakLease(QUEUE, { id, ...over }, BY_ANN);

test("a message that a worker holds is due at once, with an unknown outcome", async () => {
  const { id, claimed } = await held();
  expect(await breakLease(id)).toEqual({
    ...{ sessionId: session(1).sessionId, deliveryNumber: 1 },
    ...{ heldMs: 5_000, workerId: undefined },
  });
  const again = only((await at.current.tick(QUEUE, [session(2)])).claimed);
  expect(again).toMatchObject({ outcomeUnknown: true, isolated: false, deliveryNumber: 2 });
  const late = await at.current.store.settle(QUEUE, NO_REQUEST, [outcome(claimed, "succeed")]);
  expect(only(late?.results).status).toBe("LEASE_LOST");
  const { changes, counters } = await at.current.dump(QUEUE);
  expect(changes.map(({ note }) => note)).toContain("broken by ann");
  expect(counters).toMatchObject({ lease_expiries: 1 });
});

test("a late outcome does not count, even if nobody has the message yet", async () => {
  const { id, claimed } = await held();
  await breakLease(id);
  const late = await at.current.store.settle(QUEUE, NO_REQUEST, [outcome(claimed, "succeed")]);
  expect(only(late?.results).status).toBe("LEASE_LOST");
});

test("another delivery than the named one is left alone, so that a call can be repeated", async () => {
  const { id } = await held();
  expect(await breakLease(id, { deliveryNumber: 1 })).toMatchObject({ deliveryNumber: 1 });
  const again = only((await at.current.tick(QUEUE, [session(2)])).claimed);
  expect(await breakLease(id, { deliveryNumber: 1 })).toBeUndefined();
  const settled = await at.current.store.settle(QUEUE, NO_REQUEST, [outcome(again, "succeed")]);
  expect(only(settled?.results).status).toBe("APPLIED");
});

test("only messages that a worker holds have a lease to break", async () => {
  const { id, claimed } = await held();
  await at.current.store.settle(QUEUE, NO_REQUEST, [outcome(claimed, "quarantine")]);
  expect(await breakLease(id)).toBeUndefined();
  expect(await breakLease(new Uint8Array(16))).toBeUndefined();
});

test("a probe of a breaker is given back, and the room of its key", async () => {
  at.current.deliverySettings = {
    ...NO_DELIVERY_SETTINGS,
    ...{ keyMaxInFlight: 1, breaker: { ...BREAKER, scope: "key" } },
  };
  const { id } = await held({ limiterKey: "k" });
  await breakLease(id);
  const again = await at.current.tick(QUEUE, [session(2)]);
  expect(again.claimed).toHaveLength(1);
});
