import { expect, test } from "vitest";
import { nextTokenInMs } from "../../src/core/token-bucket.ts";

const NOW_MS = 1_800_000_000_000;

test.each([
  ["a full one is not stored", undefined, 1, 0],
  ["one that has a token", { tokens: 1, atMs: NOW_MS }, 1, 0],
  ["a quarter is missing at two a second", { tokens: 0.75, atMs: NOW_MS }, 2, 125],
  ["one that fills since", { tokens: 0, atMs: NOW_MS - 400 }, 1, 600],
  ["one that has filled since", { tokens: 0, atMs: NOW_MS - 5_000 }, 1, 0],
  ["the lowest rate", { tokens: 0, atMs: NOW_MS }, 0.001, 1_000_000],
  ["a clock that went back fills nothing", { tokens: 0, atMs: NOW_MS + 400 }, 1, 1_000],
  ["no limit any more", { tokens: 0, atMs: NOW_MS }, 0, 0],
])("%s", (_, bucket, perSecond, inMs) => {
  expect(nextTokenInMs(bucket, perSecond, NOW_MS)).toBe(inMs);
});
