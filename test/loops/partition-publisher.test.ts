import { beforeEach, expect, test } from "vitest";
import type { DlqEvent, GapNotice } from "../../src/core/event.ts";
import { PartitionPublisher } from "../../src/loops/partition-publisher.ts";
import {
  OUTBOX_START,
  type OutboxChange,
  type OutboxPage,
} from "../../src/store/contract/outbox.ts";

const at = (next: number, epochMs: number) => ({ ...OUTBOX_START, next, epochMs });
const change = (number: number) => ({ number, kind: "SENT", queue: "orders" }) as OutboxChange;

/** What was published, and where another server has come. */
let state: {
  published: (number | string)[];
  isDown: boolean;
  beforePublish(): void;
  taken: ReturnType<typeof at> | undefined;
  /** By the number of the next change. */
  pages: Readonly<Record<number, OutboxPage>>;
};
beforeEach(() => {
  state = { published: [], isDown: false, beforePublish() {}, taken: undefined, pages: {} };
});

/** A publisher that has published four changes of the first epoch. */
function publisherAfterFour() {
  const check = () => {
    if (state.isDown) throw new Error("it does not answer");
  };
  return new PartitionPublisher(7, at(4, 1), {
    outbox: {
      read: async (_, from) =>
        state.pages[from?.next ?? 0] ?? { items: [], position: from, hasMore: false },
      confirm: async () => {},
    },
    reader: { take: async () => state.taken },
    maker: {
      eventsOf: async (changes) =>
        changes.map(({ number, queue }) => ({ id: String(number), queue }) as DlqEvent),
      noticeOf: ({ gap, count }, queue) => ({ id: `${gap} ${count} ${queue}` }) as GapNotice,
    },
    publisher: {
      async publish(events) {
        check();
        state.beforePublish();
        state.published.push(...events.map(({ id }) => Number(id)));
      },
      async publishGap({ id }) {
        check();
        state.published.push(id);
      },
      async close() {},
    },
    types: new Set(),
    queuesIn: async () => ["orders"],
    now: () => 0,
    failures: { failed: () => 1, published: () => {} },
    missed: { add: () => {}, addUndone: () => {} },
    observer: { eventsPublished: () => {}, eventPublishFailed: () => {} },
  });
}

const undone: OutboxPage = {
  items: [
    {
      ...{ gap: "undone", partition: 7, epochMs: 1, from: 2, count: 2 },
      ...{ afterMs: 0, untilMs: 0 },
    },
  ],
  position: at(2, 1),
  hasMore: true,
};
const next: OutboxPage = { items: [change(9)], position: at(10, 2), hasMore: false };

async function steps(publisher: PartitionPublisher, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await publisher.step();
}

test("goes on where another server is in the same epoch", async () => {
  state.pages = { 4: { ...next, items: [change(4)] }, 9: next };
  state.taken = at(9, 1);
  const publisher = publisherAfterFour();
  await steps(publisher, 2);
  expect(state.published).toEqual([9]);
});

test("announces what is undone, also if another server already goes on in a later epoch", async () => {
  state.pages = { 4: undone, 9: next };
  state.taken = at(9, 2);
  const publisher = publisherAfterFour();
  await steps(publisher, 2);
  expect(state.published).toEqual(["undone 2 orders", 9]);
  expect(publisher.position).toEqual(at(10, 2));
});

test("announces it when it can be published again, also if it has lost the partition meanwhile", async () => {
  state.pages = { 4: undone, 9: next };
  state.taken = at(9, 2);
  state.isDown = true;
  const publisher = publisherAfterFour();
  await steps(publisher, 1);
  publisher.isTaken = false;
  await steps(publisher, 1);
  state.isDown = false;
  await steps(publisher, 2);
  expect(state.published).toEqual(["undone 2 orders", 9]);
});

test("announces it when it has taken the partition before it could publish", async () => {
  state.pages = { 4: undone, 9: next };
  const publisher = publisherAfterFour();
  publisher.isTaken = true;
  publisher.useStored(at(9, 2));
  await steps(publisher, 2);
  expect(state.published).toEqual(["undone 2 orders", 9]);
});

test("announces it when another server publishes the partition from now on", async () => {
  state.pages = { 4: undone };
  await publisherAfterFour().announceUndone();
  expect(state.published).toEqual(["undone 2 orders"]);
});

test("announces it although it could not publish it before the partition was assigned anew", async () => {
  state.pages = { 4: undone };
  state.taken = at(9, 2);
  state.isDown = true;
  const publisher = publisherAfterFour();
  await steps(publisher, 1);
  state.isDown = false;
  await publisher.announceUndone();
  expect(state.published).toEqual(["undone 2 orders"]);
});

test("does not go back to the end of a page when another server has come further meanwhile", async () => {
  state.pages = { 4: { ...next, items: [change(4)], position: at(5, 1) } };
  const publisher = publisherAfterFour();
  publisher.isTaken = true;
  const step = publisher.step();
  // While the page is being published.
  state.beforePublish = () => publisher.useStored(at(8, 1));
  await step;
  expect(publisher.position).toEqual(at(8, 1));
});

test("goes back to repeat nothing of its own after a rollback", async () => {
  state.pages = { 4: undone, 2: { ...next, items: [change(2)] } };
  state.taken = at(2, 1);
  const publisher = publisherAfterFour();
  await steps(publisher, 2);
  expect(state.published).toEqual(["undone 2 orders", 2]);
});
