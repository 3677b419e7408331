import { expect, test } from "vitest";
import { parseRetryAfter, RETRY_AFTER_MAX_MS, retryAfterOf } from "../../src/core/retry-after.ts";

const NOW_MS = Date.UTC(1994, 10, 6, 8, 49, 0);

test.each<[string, number | undefined]>([
  ["120", 120_000],
  ["0", 0],
  [" 120\t", 120_000],
  ["1.5", 1_500],
  ["0.0001", 1],
  ["99999999999999999999", RETRY_AFTER_MAX_MS],
  ["9".repeat(1_000), RETRY_AFTER_MAX_MS],
  // The same time in the three forms of HTTP.
  ["Sun, 06 Nov 1994 08:49:37 GMT", 37_000],
  ["Sunday, 06-Nov-94 08:49:37 GMT", 37_000],
  ["Sun Nov  6 08:49:37 1994", 37_000],
  ["Sun, 06 Nov 1994 08:49:37 UTC", 37_000],
  ["Sun, 06 Nov 1994 08:48:37 GMT", 0],
  ["Tue, 06 Dec 1994 08:48:59 GMT", RETRY_AFTER_MAX_MS - 1_000],
  ["Fri, 31 Dec 9999 23:59:60 GMT", RETRY_AFTER_MAX_MS],
  // Two digits: at most 50 years ahead, otherwise in the previous century.
  ["Sunday, 06-Nov-44 08:49:37 GMT", 0],
  ["Sunday, 06-Nov-93 08:49:37 GMT", 0],
  ["", undefined],
  ["-1", undefined],
  ["+1", undefined],
  ["1e3", undefined],
  ["1.", undefined],
  ["1s", undefined],
  ["0x10", undefined],
  ["NaN", undefined],
  ["Infinity", undefined],
  ["soon", undefined],
  ["1 2", undefined],
  ["Sun, 06 Nov 1994 08:49:37", undefined],
  ["Sun, 06 Nov 1994 08:49:37 CET", undefined],
  ["Sun, 31 Feb 1994 08:49:37 GMT", undefined],
  ["Sun, 00 Nov 1994 08:49:37 GMT", undefined],
  ["Sun, 06 Nov 1994 24:00:00 GMT", undefined],
  ["Sun, 06 Nov 1994 08:60:00 GMT", undefined],
  ["1994-11-06T08:49:37Z", undefined],
])("%.60s is %s ms", (text, expected) => {
  expect(parseRetryAfter(text, NOW_MS)).toBe(expected);
});

test.each<[string, Parameters<typeof retryAfterOf>[0], number | undefined]>([
  ["nothing", {}, undefined],
  ["the field", { retryAfterMs: 5 }, 5],
  ["the field before the attribute", { retryAfterMs: 0, retryAfterText: "9" }, 0],
  ["the attribute", { retryAfterText: "9" }, 9_000],
  ["nonsense is nothing", { retryAfterText: "later" }, undefined],
  ["NaN is nothing", { retryAfterMs: Number.NaN }, undefined],
  ["a negative field is 0", { retryAfterMs: -1 }, 0],
  ["fractions are rounded up", { retryAfterMs: 0.1 }, 1],
  ["a long one is cut", { retryAfterMs: Infinity }, RETRY_AFTER_MAX_MS],
])("%s", (_name, facts, expected) => {
  expect(retryAfterOf(facts, NOW_MS)).toBe(expected);
});
