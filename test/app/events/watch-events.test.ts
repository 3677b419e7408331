import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test, vi } from "vitest";
import { SharedFilters } from "../../../src/app/events/shared-filters.ts";
import {
  type BeginWatch,
  createWatchEvents,
  type EventBatch,
  type WatchEventsCommand,
  type WatchEventsParts,
} from "../../../src/app/events/watch-events.ts";
import type { WatchReads } from "../../../src/app/events/watch-reads.ts";
import { Pace } from "../../../src/app/timers.ts";
import type { DlqEvent } from "../../../src/core/event.ts";
import { QueuePattern } from "../../../src/core/queue-pattern.ts";
import { compileEventFilter } from "../../../src/rules/event-filter.ts";
import { OUTBOX_START, type OutboxChange } from "../../../src/store/contract/outbox.ts";
import { startOtherWork } from "../../support/turns.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** A watch of an outbox with so many changes before it. */
function watchOf(
  count: number,
  {
    pace = new Pace(),
    queueOf = () => "orders",
    begin = (search) => search(),
    ...wanted
  }: Partial<Pick<WatchEventsCommand, "queues" | "resume" | "sinceMs">> & {
    readonly pace?: Pace;
    readonly queueOf?: (number: number) => string;
    readonly begin?: BeginWatch;
  } = {},
) {
  const change = (number: number) =>
    ({ number, queue: queueOf(number), kind: "SENT" }) as OutboxChange;
  const state: {
    first?: WeakRef<OutboxChange>;
    searches: number;
    followers: number;
    made: number[];
  } = {
    ...{ searches: 0, followers: 0, made: [] },
  };
  const reads: Pick<WatchReads, "read" | "follow"> = {
    follow() {
      state.followers++;
      return () => state.followers--;
    },
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
      async sinceSecond() {
        state.searches++;
        return [{ position: OUTBOX_START, keptSinceMs: undefined }];
      },
    },
    reads: reads as WatchReads,
    ...{ pace, filters: new SharedFilters() },
    maker: {
      async eventsOf(changes) {
        state.made.push(changes.length);
        return changes.map(({ number }) => ({ id: String(number) }) as DlqEvent);
      },
    },
  };
  const stop = new AbortController();
  const command = {
    ...{
      queues: [new QueuePattern("orders")],
      types: new Set<never>(),
      filter: compileEventFilter(""),
    },
    resume: { storeId: "abcdef", positions: new Map([[0, OUTBOX_START]]) },
    sinceMs: undefined,
    ...wanted,
  };
  const batches = createWatchEvents(parts)(command, stop.signal, begin);
  return { state, stop, batches: batches[Symbol.asyncIterator]() };
}

test("a batch says how many events wait behind it", async () => {
  const { batches, stop } = watchOf(1_200);
  const found: EventBatch[] = [];
  while (found.at(-1)?.isCaughtUp !== true) found.push((await batches.next()).value);
  stop.abort();
  expect(found.map(({ events, laterEvents }) => [events.length, laterEvents])).toEqual([
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

test("a queue is compared with the patterns once, however many changes a step has of it", async () => {
  const pattern = new QueuePattern("ord*");
  const matches = vi.spyOn(pattern, "matches");
  const { batches, stop } = watchOf(1_200, { queues: [pattern] });
  for (let n = 0; n < 2; n++) await batches.next();
  stop.abort();
  expect(matches).toHaveBeenCalledTimes(1);
});

test("events are made a hundred changes at a time, so that the store is asked once for their groups", async () => {
  const { batches, state, stop } = watchOf(250);
  for (let n = 0; n < 2; n++) await batches.next();
  stop.abort();
  expect(state.made).toEqual([100, 100, 50]);
});

test("watches that get changes at once leave other work its turns", async () => {
  const [pace, pattern] = [new Pace(), new QueuePattern("*")];
  vi.spyOn(pattern, "matches").mockImplementation(() => {
    const untilMs = performance.now() + 1;
    while (performance.now() < untilMs);
    return false;
  });
  const other = startOtherWork();
  const queueOf = (number: number) => `orders-${number}`;
  const watches = Array.from({ length: 50 }, () =>
    watchOf(5, { pace, queueOf, queues: [pattern] }),
  );
  await Promise.all(
    watches.map(async ({ batches, stop }) => {
      for (let n = 0; n < 2; n++) await batches.next();
      stop.abort();
    }),
  );
  other.stop();
  expect(other.turns).toBeGreaterThan(10);
});

test("a watch that ends before its turn does not look for its beginning", async () => {
  let giveTurn = () => {};
  const turn = new Promise<void>((resolve) => {
    giveTurn = resolve;
  });
  const begin: BeginWatch = async (search) => {
    await turn;
    return search();
  };
  const { batches, state, stop } = watchOf(1, { resume: undefined, sinceMs: 5_000, begin });
  const first = batches.next();
  expect(state.followers).toBe(1);
  stop.abort();
  // It holds nothing while others have their turns.
  expect(await first).toMatchObject({ done: true });
  expect(state.followers).toBe(0);
  giveTurn();
  await turn;
  expect(state.searches).toBe(0);
});
