// A queue whose data is damaged must not hold up what else a worker or a server does.

import { afterEach, expect, test } from "vitest";
import { reconcile } from "../../src/app/delivery/reconcile.ts";
import { Session } from "../../src/app/delivery/session.ts";
import type { DueDelivery } from "../../src/core/message.ts";
import { formatMessageId } from "../../src/core/message-id.ts";
import { QUEUE_KEYS } from "../../src/store/redis/keys.ts";
import { startNode } from "../support/delivery.ts";
import { until, useTestStore } from "../support/store.ts";
import { item, SETTINGS, sessionId } from "../support/store-items.ts";

const at = useTestStore();
const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo();
});

/** Gives a key of a queue the wrong type. `session`: the key is of this session. The queue is gone after the test. */
async function damage(
  queue: string,
  key: string,
  session: Uint8Array = new Uint8Array(),
): Promise<void> {
  const { redis } = at.current;
  const whole = Buffer.concat([Buffer.from(at.current.key(queue, key)), session]);
  await redis.del(whole);
  await redis.set(whole, "of the wrong type");
  cleanUp.push(async () => redis.del(...(await redis.keys(at.current.key(queue, ":*")))));
}

test("a worker that comes back gets messages of its other queues", async () => {
  const store = at.current.openStore({ clock: "store" });
  await until("the connection", () => store.ready || undefined);
  for (const queue of ["damaged", "sound"]) await store.send(queue, [item()], SETTINGS);
  await damage("damaged", QUEUE_KEYS.session, sessionId(1));
  const node = startNode(store);
  cleanUp.push(() => node.stop());
  const got: DueDelivery[] = [];
  const queues = ["damaged", "sound"];
  const resumeSessionId = formatMessageId(sessionId(1));
  cleanUp.push(node.work({ queues, resumeSessionId }, (delivery) => got.push(delivery)));
  await until("the message", () => got.length > 0 || undefined);
  expect(got).toMatchObject([{ queue: "sound" }]);
});

test("room of leases that ended elsewhere is found in the other queues", async () => {
  const { store } = at.current;
  for (const queue of ["damaged", "sound"]) await store.send(queue, [item()], SETTINGS);
  const session = new Session({
    ...{ idText: formatMessageId(sessionId(1)), id: sessionId(1), workerId: "w" },
    ...{ queues: ["damaged", "sound"], maxInFlight: 10, maxInFlightBytes: 1 << 20 },
    leaseMs: undefined,
  });
  const lease = { deliveryNumber: 1, nonce: new Uint8Array(8), bytes: 1, isolated: false };
  for (const queue of ["damaged", "sound"]) session.resume(queue, [{ ...lease, id: sessionId(2) }]);
  await damage("damaged", QUEUE_KEYS.session, sessionId(1));
  await reconcile(store, session);
  expect(session.held).toBe(1);
});

test("a stream is a worker of its other queues, and its entries are removed", async () => {
  const { store } = at.current;
  const queues = ["a", "damaged", "z"];
  for (const queue of queues) await store.send(queue, [item()], SETTINGS);
  await damage("damaged", QUEUE_KEYS.workers);
  const record = {
    sessionId: formatMessageId(sessionId(1)),
    workerId: "w",
    queues,
    maxInFlight: 1,
  };
  const workers = async () => (await store.sizes(["a", "z"])).map((sizes) => sizes?.workers);
  await store.signOfLife();
  await store.registerSession(record);
  expect(await workers()).toEqual([1, 1]);
  await store.unregisterSession(record, false);
  expect(await workers()).toEqual([0, 0]);
});
