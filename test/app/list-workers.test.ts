import { expect, test } from "vitest";
import { listWorkers } from "../../src/app/queues/list-workers.ts";
import { formatMessageId } from "../../src/core/message-id.ts";
import { QueuePattern } from "../../src/core/queue-pattern.ts";
import { useTestStore } from "../support/store.ts";
import { item, SETTINGS, session, sessionId } from "../support/store-items.ts";

const at = useTestStore();

async function open(n: number, workerId: string, queues: readonly string[]): Promise<void> {
  const record = { sessionId: formatMessageId(sessionId(n)), workerId, maxInFlight: 5 };
  await at.current.store.registerSession({ ...record, queues });
}

const list = async (pattern: string) => {
  const found = await listWorkers(at.current.store, new QueuePattern(pattern));
  return found.map(({ queue, workerId }) => `${queue} ${workerId}`).toSorted();
};

test("lists the workers of a queue, of those that match a pattern, or of all", async () => {
  const { store } = at.current;
  await store.signOfLife();
  const queues = ["mails", "orders-eu", "orders-us", "others"];
  for (const queue of queues) await store.send(queue, [item()], SETTINGS);
  await open(1, "both", ["orders-eu", "orders-us"]);
  await open(2, "mailer", ["mails"]);
  const ofOrders = ["orders-eu both", "orders-us both"];
  expect(await list("orders-*")).toEqual(ofOrders);
  expect(await list("orders-eu")).toEqual(["orders-eu both"]);
  expect(await list("")).toEqual(["mails mailer", ...ofOrders]);
  expect(await list("nothing")).toEqual([]);
});

test("also those that are quiet, and those that have ended and hold messages", async () => {
  const { store } = at.current;
  await store.signOfLife();
  await store.send("mails", [item()], SETTINGS);
  await store.send("orders", [item()], SETTINGS);
  await open(1, "quiet", ["mails"]);
  await store.quietSessions.show(formatMessageId(sessionId(1)), true);
  await open(2, "ended", ["orders"]);
  await at.current.tick("orders", [session(2)]);
  const record = { sessionId: formatMessageId(sessionId(2)), workerId: "ended", maxInFlight: 5 };
  await store.unregisterSession({ ...record, queues: ["orders"] }, true);
  expect(await list("*")).toEqual(["mails quiet", "orders ended"]);
});

test("finds those of more queues than one read has", async () => {
  const { store } = at.current;
  await store.signOfLife();
  const queues = ["a", "q-1", "q-2", "q-3", "z"];
  for (const queue of queues) await store.send(queue, [item()], SETTINGS);
  await open(1, "w", queues);
  for (const [pattern, expected] of [
    ["q-*", ["q-1", "q-2", "q-3"]],
    ["*", queues],
  ] as const) {
    const found = await listWorkers(store, new QueuePattern(pattern), 2);
    expect(found.map(({ queue }) => queue)).toEqual(expected);
  }
});
