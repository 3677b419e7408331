import { describe, expect, test } from "vitest";
import { LONGEST_DELAY_MS } from "../../src/core/backoff.ts";
import { expireDelayMs, expiryVerdict, releaseDelayMs } from "../../src/core/lifetime.ts";

const HOUR = 3_600_000;

describe("a message expires", () => {
  test.each<[string, number, number, number]>([
    ["never with a ttl of 0", 0, 5 * HOUR, 0],
    ["a ttl after its arrival", 24 * HOUR, 0, 24 * HOUR],
    ["no later for being due earlier", 24 * HOUR, 23 * HOUR, 24 * HOUR],
    ["a ttl after a later due time", 24 * HOUR, 25 * HOUR, 49 * HOUR],
    ["not at the moment it becomes due", HOUR, HOUR, 2 * HOUR],
    ["within what a clock can say", Number.MAX_VALUE, Number.MAX_VALUE, 2 * LONGEST_DELAY_MS],
    ["never with a ttl that is no number", Number.NaN, 0, 0],
  ])("%s", (_name, ttlMs, dueDelayMs, expected) => {
    expect(expireDelayMs(ttlMs, dueDelayMs)).toBe(expected);
  });
});

describe("a released message comes back after", () => {
  test.each<[string, number, number, number]>([
    ["at least a second", 0, 1, 1000],
    ["twice as long each time", 0, 2, 2000],
    ["a longer requested delay", 60_000, 1, 60_000],
    ["the floor when the request is shorter", 500, 4, 8000],
    ["at most five minutes by itself", 0, 1_000_000, 300_000],
    ["a request beyond the five minutes", 400_000, 50, 400_000],
    ["a second when nobody counted", 0, 0, 1000],
    ["the floor when the request is no number", Number.NaN, 1, 1000],
    ["the longest delay at most", Number.MAX_VALUE, 1, LONGEST_DELAY_MS],
  ])("%s", (_name, requestedMs, releases, expected) => {
    expect(releaseDelayMs(requestedMs, releases)).toBe(expected);
  });
});

test.each<[number, string]>([
  [1, "redeliver"],
  [2, "isolate"],
  [4, "isolate"],
  [5, "crash_loop"],
  [6, "crash_loop"],
])("%i expired leases in a row: %s", (expiries, expected) => {
  expect(expiryVerdict(expiries)).toBe(expected);
});
