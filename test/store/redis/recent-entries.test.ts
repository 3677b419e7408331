import { expect, test, vi } from "vitest";
import {
  OUTBOX_START,
  type OutboxChange,
  type OutboxPage,
  type OutboxPosition,
} from "../../../src/store/contract/outbox.ts";
import type { OutboxEntry } from "../../../src/store/redis/outbox-entries.ts";
import { pageOf } from "../../../src/store/redis/outbox-page.ts";
import { RecentEntries } from "../../../src/store/redis/recent-entries.ts";

const from = (number: number) => ({ ...OUTBOX_START, entryId: `${number}-1`, next: number });
const entryOf = (number: number, changes = 1): OutboxEntry => ({
  ...{ partition: 1, id: `${number + 1}-1`, first: number, epochMs: 0 },
  changes: Array.from({ length: changes }, () => ({}) as OutboxChange),
});

function filled(...partitions: readonly (readonly [partition: number, count: number])[]) {
  const recent = new RecentEntries();
  for (const [partition, count] of partitions)
    for (let n = 0; n < count; n++) recent.add(partition, from(n), entryOf(n));
  return recent;
}

test("the oldest are removed when there are more than 20,000 changes", () => {
  const recent = filled([1, 3], [2, 19_999]);
  expect(recent.after(1, from(1))).toBeUndefined();
  expect(recent.after(1, from(2))).toHaveLength(1);
  expect(recent.after(2, from(0))).toHaveLength(1_001);
  recent.add(3, from(0), entryOf(0, 64));
  expect(recent.after(1, from(2))).toBeUndefined();
  expect(recent.after(2, from(62))).toBeUndefined();
  expect(recent.after(2, from(63))).toHaveLength(1_001);
});

test("a reader that is far back gets a page, and more after it", () => {
  const recent = filled([1, 2_500]);
  const sizes: number[] = [];
  let position: OutboxPosition | undefined = from(0);
  for (let hasMore = true; hasMore && position !== undefined; ) {
    const page: OutboxPage = pageOf(recent.after(1, position) ?? [], position, false);
    sizes.push(page.items.length);
    [position, hasMore] = [page.position, page.hasMore];
  }
  expect(sizes).toEqual([1_000, 1_000, 500]);
});

test("a partition that is forgotten takes no room of others", () => {
  const recent = filled([1, 15_000]);
  recent.forget(1);
  for (let n = 0; n < 20_000; n++) recent.add(2, from(n), entryOf(n));
  recent.add(1, from(7), entryOf(7));
  expect(recent.after(2, from(1))).toHaveLength(1_001);
  expect(recent.after(1, from(6))).toBeUndefined();
  expect(recent.after(1, from(7))).toHaveLength(1);
});

test("what is older than a minute is removed", () => {
  const recent = filled([1, 2]);
  const later = performance.now() + 60_001;
  const clock = vi.spyOn(performance, "now").mockReturnValue(later);
  try {
    expect(recent.after(1, from(0))).toBeUndefined();
    recent.add(1, from(2), entryOf(2));
    expect(recent.after(1, from(2))).toHaveLength(1);
  } finally {
    clock.mockRestore();
  }
});

const ONLY_READER = { isOnlyReader: true };

test("what the only reader has read is removed, and takes no room", () => {
  const recent = filled([1, 15_000]);
  expect(recent.after(1, from(14_000), ONLY_READER)).toHaveLength(1_000);
  expect(recent.after(1, from(13_999))).toBeUndefined();
  expect(recent.after(1, from(14_000))).toHaveLength(1_000);
  // A position that is not here says nothing about what has been read.
  expect(recent.after(1, from(15_001), ONLY_READER)).toBeUndefined();
  for (let n = 0; n < 19_000; n++) recent.add(2, from(n), entryOf(n));
  expect(recent.after(1, from(14_000))).toHaveLength(1_000);
  expect(recent.after(2, from(0))).toHaveLength(1_001);
});

test("what is read after the oldest were removed counts once", () => {
  const recent = filled([1, 10_030], [2, 10_000]);
  expect(recent.after(1, from(29))).toBeUndefined();
  expect(recent.after(1, from(40), ONLY_READER)).toHaveLength(1_001);
  expect(recent.after(1, from(39))).toBeUndefined();
  expect(recent.after(1, from(40))).toHaveLength(1_001);
  // Those between 30 and 40 leave room for as many.
  for (let n = 10_000; n < 10_010; n++) recent.add(2, from(n), entryOf(n));
  expect(recent.after(1, from(40))).toHaveLength(1_001);
  recent.add(2, from(10_010), entryOf(10_010));
  expect(recent.after(1, from(40))).toBeUndefined();
  expect(recent.after(1, from(41))).toHaveLength(1_001);
  expect(recent.after(2, from(0))).toHaveLength(1_001);
});
