import { expect, test } from "vitest";
import { dayOf, durationMs, hourOf, instantMs } from "../../src/rules/times.ts";

test.each([
  ["90s", 90_000],
  ["1h30m", 5_400_000],
  ["1.5h", 5_400_000],
  ["250ms", 250],
  ["7d", 604_800_000],
  ["-5m", -300_000],
])("the duration %s is %i ms", (text, ms) => {
  expect(durationMs(text)).toBe(ms);
});

test.each(["", "5", "h", "1 h", "1w", "1h-5m", "1e3s", `${"9".repeat(10)}d`])(
  "%j is no duration",
  (text) => {
    expect(() => durationMs(text)).toThrow("a duration is written as");
  },
);

test.each([
  ["2026-01-31T18:30:00Z", Date.UTC(2026, 0, 31, 18, 30)],
  ["2026-01-31T19:30:00.250+01:00", Date.UTC(2026, 0, 31, 18, 30) + 250],
])("the time %s is %i", (text, ms) => {
  expect(instantMs(text)).toBe(ms);
});

test.each([
  "",
  "2026-01-31",
  "2026-13-31T18:30:00Z",
  "2026-02-30T00:00:00Z",
  "2026-01-31T24:00:00Z",
  "2026-01-31T18:30:00",
  "now",
])("%j is no time", (text) => {
  expect(() => instantMs(text)).toThrow("a time is written as");
});

test("an instant has an hour and a day, also where it is out of range", () => {
  const ms = Date.UTC(2026, 0, 31, 18, 59, 59, 999);
  expect([hourOf(ms), dayOf(ms)]).toEqual(["2026-01-31T18:00Z", "2026-01-31"]);
  expect([hourOf(1e17), dayOf(-1)]).toEqual(["9999-12-31T23:00Z", "1970-01-01"]);
});
