import { expect, it } from "vitest";
import { type GroupQuery, pageOf } from "../../../src/app/groups/group-list.ts";
import type { MergedGroup } from "../../../src/app/groups/merged-group.ts";
import { QueuePattern } from "../../../src/core/queue-pattern.ts";

const group = (n: number, stored = [{ queue: `q-${n % 3}`, count: n }]): MergedGroup => ({
  ...{ digest: `${n}`, state: "OPEN", changedAtMs: undefined, regressedAtMs: undefined },
  ...{ archive: undefined, isReopened: false },
  ...{ firstFailureAtMs: n, lastFailureAtMs: n, failureCount: n, parts: [], stored },
  latest: () => ({ id: new Uint8Array(16), queue: "q-0" }),
  storedCount: stored.reduce((sum, { count }) => sum + count, 0),
});

const page = (groups: readonly MergedGroup[], over: Partial<GroupQuery> = {}) =>
  pageOf(groups, {
    ...{ queues: new QueuePattern(""), pageSize: 3, matches: () => true, isBehind: () => true },
    compare: (a, b) => b.storedCount - a.storedCount,
    ...over,
  });
const counts = (groups: readonly MergedGroup[]) => groups.map(({ storedCount }) => storedCount);

it("has the first groups of many, in order", async () => {
  const many = Array.from({ length: 10_000 }, (_, n) => group((n * 7_919) % 10_000));
  const first = await page(many);
  expect(counts(first.page)).toEqual([9_999, 9_998, 9_997]);
  expect(first).toMatchObject({ hasMore: true, total: 10_000 });
  const next = await page(many, { isBehind: ({ storedCount }) => storedCount < 9_997 });
  expect(counts(next.page)).toEqual([9_996, 9_995, 9_994]);
  expect(next.total).toBe(10_000);
});

it("ends with the last group", async () => {
  const last = await page([group(1), group(2)]);
  expect(counts(last.page)).toEqual([2, 1]);
  expect(last.hasMore).toBe(false);
});

it("counts only messages in the queues that were asked for", async () => {
  const both = group(1, [
    { queue: "q-1", count: 5 },
    { queue: "q-2", count: 7 },
  ]);
  const { page: found, total } = await page([both, group(3), group(4, [])], {
    queues: new QueuePattern("q-2"),
  });
  expect(found).toMatchObject([{ storedCount: 7, stored: [{ queue: "q-2", count: 7 }] }]);
  expect(total).toBe(1);
});

it("has groups without messages only if no queue was asked for", async () => {
  expect((await page([group(4, [])])).total).toBe(1);
  expect((await page([group(4, [])], { queues: new QueuePattern("*-1") })).total).toBe(0);
});
