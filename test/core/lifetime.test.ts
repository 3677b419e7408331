import { describe, expect, test } from "vitest";
import { LONGEST_DELAY_MS } from "../../src/core/backoff.ts";
import { releaseDelayMs } from "../../src/core/lifetime.ts";

describe("a released message comes back after", () => {
  test.each<[string, number, number, number]>([
    ["at least a second", 0, 1, 1000],
    ["twice as long each time", 0, 2, 2000],
    ["a longer requested delay", 60_000, 1, 60_000],
    ["the floor when the request is shorter", 500, 4, 8000],
    ["at most five minutes by itself", 0, 1_000_000, 300_000],
    ["a request beyond the five minutes", 400_000, 50, 400_000],
    ["a second without a count", 0, 0, 1000],
    ["the floor when the request is no number", Number.NaN, 1, 1000],
    ["the longest delay at most", Number.MAX_VALUE, 1, LONGEST_DELAY_MS],
  ])("%s", (_name, requestedMs, releases, expected) => {
    expect(releaseDelayMs(requestedMs, releases)).toBe(expected);
  });
});
