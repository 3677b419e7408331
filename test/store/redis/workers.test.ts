import { expect, test } from "vitest";
import { formatMessageId } from "../../../src/core/message-id.ts";
import type { SessionRecord } from "../../../src/store/contract.ts";
import { START_MS, until, useTestStore } from "../../support/store.ts";
import { item, SETTINGS, session, sessionId } from "../../support/store-items.ts";

const at = useTestStore();
const QUEUE = "orders";

const record = (n: number, workerId: string, maxInFlight = 10 * n): SessionRecord => ({
  ...{ sessionId: formatMessageId(sessionId(n)), queues: [QUEUE], maxInFlight, workerId },
});
const send = (count: number) =>
  at.current.store.send(
    QUEUE,
    Array.from({ length: count }, () => item()),
    SETTINGS,
  );
const workers = async () =>
  (await at.current.store.workers(QUEUE)).toSorted((a, b) =>
    Buffer.compare(a.sessionId, b.sessionId),
  );

test("open streams, with what each holds and since when", async () => {
  const { store, clock } = at.current;
  await store.signOfLife();
  await send(3);
  await store.registerSession(record(1, "billing\n1"));
  await store.registerSession(record(2, "billing-2"));
  await at.current.tick(QUEUE, [session(1, { count: 1 })]);
  await clock.advance(1_000);
  await at.current.tick(QUEUE, [session(1, { count: 1 })]);
  const known = { server: "node-1", isOpen: true, quiet: false };
  expect(await workers()).toEqual([
    {
      ...{ ...known, sessionId: sessionId(1), workerId: "billing\n1", maxInFlight: 10 },
      ...{ held: 2, oldestSinceMs: START_MS },
    },
    {
      ...{ ...known, sessionId: sessionId(2), workerId: "billing-2", maxInFlight: 20 },
      ...{ held: 0, oldestSinceMs: undefined },
    },
  ]);
});

test("a stream that has ended is there as long as it holds messages", async () => {
  const { store, clock } = at.current;
  await store.signOfLife();
  await send(1);
  await store.registerSession(record(1, "billing-1"));
  await at.current.tick(QUEUE, [session(1)]);
  await store.unregisterSession(record(1, "billing-1"), true);
  expect(await workers()).toEqual([
    {
      ...{ sessionId: sessionId(1), workerId: "billing-1", server: "node-1", isOpen: false },
      ...{ maxInFlight: 10, quiet: false, held: 1, oldestSinceMs: START_MS },
    },
  ]);
  await clock.advance(30_001);
  await at.current.tick(QUEUE);
  expect(await workers()).toEqual([]);
});

test("a worker that extends its leases is known for the oldest message, however many others hold", async () => {
  const { store, clock } = at.current;
  await store.signOfLife();
  await send(1);
  for (const n of [1, 2, 3]) await store.registerSession(record(n, `billing-${n}`, 1_000));
  await at.current.tick(QUEUE, [session(1, { leaseMs: 600_000 })]);
  await clock.advance(1_000);
  const claim = async (n: number, leaseMs: number, count: number) => {
    for (let claimed = 0; claimed < count; ) {
      await send(100);
      claimed += (await at.current.tick(QUEUE, [session(n, { count: 100, leaseMs })])).claimed
        .length;
    }
  };
  await claim(2, 30_000, 800);
  await claim(3, 900_000, 800);
  expect((await workers()).map(({ held, oldestSinceMs }) => [held, oldestSinceMs])).toEqual([
    [1, START_MS],
    [800, START_MS + 1_000],
    [800, START_MS + 1_000],
  ]);
});

test("the streams of a silent server count as ended", async () => {
  const { redis, prefix } = at.current;
  const other = at.current.openStore({ nodeId: "dead" });
  await until("the connection", () => other.ready || undefined);
  await other.signOfLife();
  await send(1);
  await other.registerSession(record(1, "billing-1"));
  await other.registerSession(record(2, "idle"));
  await at.current.tick(QUEUE, [session(1)]);
  expect(await workers()).toHaveLength(2);
  await redis.zincrby(`${prefix}:nodes`, -11_000, "dead");
  expect(await workers()).toMatchObject([{ workerId: "billing-1", isOpen: false, held: 1 }]);
});

test("a queue that does not exist has no workers", async () => {
  expect(await at.current.store.workers("nothing")).toEqual([]);
});
