import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import {
  createWatchEvents,
  type EventBatch,
  type WatchEventsParts,
} from "../../../src/app/events/watch-events.ts";
import type { WatchReads } from "../../../src/app/events/watch-reads.ts";
import type { DlqEvent } from "../../../src/core/event.ts";
import { QueuePattern } from "../../../src/core/queue-pattern.ts";
import { OUTBOX_START, type OutboxChange } from "../../../src/store/contract/outbox.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** A watch of an outbox with so many changes before it. */
function watchOf(count: number) {
  const change = (number: number) => ({ number, queue: "orders", kind: "SENT" }) as OutboxChange;
  const state: { first?: WeakRef<OutboxChange> } = {};
  const reads: Pick<WatchReads, "read" | "follow"> = {
    follow: () => () => {},
    async read() {
      const items = Array.from({ length: count }, (_, number) => change(number));
      state.first = new WeakRef(items[0] as OutboxChange);
      return { items, position: { ...OUTBOX_START, next: count }, hasMore: false };
    },
  };
  const parts: WatchEventsParts = {
    outbox: {
      ...{ storeId: "abcdef", partitions: 1, partitionOf: () => 0 },
      ends: async () => [],
      sinceSecond: async () => [],
    },
    reads: reads as WatchReads,
    maker: {
      eventsOf: async (changes) =>
        changes.map(({ number }) => ({ id: String(number) }) as DlqEvent),
    },
  };
  const stop = new AbortController();
  const command = {
    ...{ queues: [new QueuePattern("orders")], types: new Set<never>(), filter: () => true },
    resume: { storeId: "abcdef", positions: new Map([[0, OUTBOX_START]]) },
    sinceMs: undefined,
  };
  const batches = createWatchEvents(parts)(command, stop.signal);
  return { state, stop, batches: batches[Symbol.asyncIterator]() };
}

test("a batch says how many events wait behind it", async () => {
  const { batches, stop } = watchOf(1_200);
  const found: EventBatch[] = [];
  while (found.at(-1)?.isCaughtUp !== true || found.length === 1)
    found.push((await batches.next()).value);
  stop.abort();
  expect(found.map(({ events, waiting }) => [events.length, waiting])).toEqual([
    [0, undefined],
    [500, 700],
    [500, 200],
    [200, 0],
  ]);
});

test("while a batch is unread, the changes that it comes from are not kept", async () => {
  const { batches, state, stop } = watchOf(1_200);
  for (let n = 0; n < 2; n++) await batches.next();
  // A reference that was followed lives until the end of its turn.
  await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
  expect(state.first?.deref()).toBeUndefined();
  stop.abort();
});
