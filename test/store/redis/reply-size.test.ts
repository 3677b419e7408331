import { beforeEach, expect, test } from "vitest";
import { ReplySize } from "../../../src/store/redis/reply-size.ts";

let size: ReplySize;
beforeEach(() => {
  size = new ReplySize();
});

/** Sends a call, whose reply has so many entries of each partition. Returns how many it might have. */
function call(atMs: number, ...sizes: number[]): number {
  const most = size.entries(atMs);
  size.replied(sizes);
  return most;
}

test("a reply that was waited for raises nothing, since it has one partition only", () => {
  expect(call(0, 8)).toBe(8);
  expect(size.hasMore).toBe(true);
  expect(size.entries(1)).toBe(8);
});

test.each([
  [1, 100],
  [40, 51],
  [256, 8],
])("after full pages of %i partitions each may have %i entries", (partitions, most) => {
  call(0, 8);
  call(1, ...Array(partitions).fill(8));
  expect(size.entries(2)).toBe(most);
});

test("after a reply without a full page, each partition may have few again", () => {
  call(0, 8);
  call(1, 8);
  expect(call(2, 99)).toBe(100);
  expect(size.hasMore).toBe(false);
  expect(size.entries(3)).toBe(8);
});

test("after a stall, each partition may have few again: others may have become busy", () => {
  call(0, 8);
  call(1, 8);
  expect(call(500, 100)).toBe(100);
  expect(size.entries(1_000)).toBe(8);
});
