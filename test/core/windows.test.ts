import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import {
  firstAllowedAtMs,
  formatTimeOfDay,
  parseTimeOfDay,
  type RetryWindow,
} from "../../src/core/windows.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** `window("Europe/Berlin", "08:00-20:00", 1, 5)`: on Mondays and Fridays. */
function window(timeZone: string, hours: string, ...days: number[]): RetryWindow {
  const [startMinute = -1, endMinute = -1] = hours.split("-").map((text) => parseTimeOfDay(text));
  return { timeZone, startMinute, endMinute, days };
}

function first(at: string, ...windows: RetryWindow[]): string {
  return new Date(firstAllowedAtMs(Date.parse(at), windows)).toISOString().replace(":00.000Z", "Z");
}

describe("the first allowed instant", () => {
  test.each<[string, string, RetryWindow[], string]>([
    ["without windows: any", "2026-01-07T12:34:56.789Z", [], "2026-01-07T12:34:56.789Z"],
    ["inside: at once", "2026-01-07T12:34Z", [window("UTC", "08:00-20:00")], "2026-01-07T12:34Z"],
    ["at the begin", "2026-01-07T08:00Z", [window("UTC", "08:00-20:00")], "2026-01-07T08:00Z"],
    [
      "a millisecond before the begin",
      "2026-01-07T07:59:59.999Z",
      [window("UTC", "08:00-20:00")],
      "2026-01-07T08:00Z",
    ],
    [
      "a millisecond before the end",
      "2026-01-07T19:59:59.999Z",
      [window("UTC", "08:00-20:00")],
      "2026-01-07T19:59:59.999Z",
    ],
    ["at the end", "2026-01-07T20:00Z", [window("UTC", "08:00-20:00")], "2026-01-08T08:00Z"],
    ["until midnight", "2026-01-07T23:59Z", [window("UTC", "08:00-24:00")], "2026-01-07T23:59Z"],
    ["the whole day", "2026-01-07T00:00Z", [window("UTC", "00:00-24:00")], "2026-01-07T00:00Z"],
    [
      "over midnight, late",
      "2026-01-07T23:00Z",
      [window("UTC", "22:00-06:00")],
      "2026-01-07T23:00Z",
    ],
    [
      "over midnight, early",
      "2026-01-07T05:59Z",
      [window("UTC", "22:00-06:00")],
      "2026-01-07T05:59Z",
    ],
    [
      "over midnight, after",
      "2026-01-07T06:00Z",
      [window("UTC", "22:00-06:00")],
      "2026-01-07T22:00Z",
    ],
    [
      "24 hours from its begin on, on its day",
      "2026-01-08T08:59Z", // Thursday
      [window("UTC", "09:00-09:00", 3)],
      "2026-01-08T08:59Z",
    ],
    [
      "24 hours later it is over",
      "2026-01-08T09:00Z",
      [window("UTC", "09:00-09:00", 3)],
      "2026-01-14T09:00Z",
    ],
    [
      "a day of the week that there is not: at once, rather than never",
      "2026-01-08T09:00Z",
      [window("UTC", "08:00-08:30", 8)],
      "2026-01-08T09:00Z",
    ],
    [
      "over midnight, of yesterday's day",
      "2026-01-08T05:00Z", // Thursday
      [window("UTC", "22:00-06:00", 3)],
      "2026-01-08T05:00Z",
    ],
    [
      "over midnight, not of its own day",
      "2026-01-07T05:00Z", // Wednesday
      [window("UTC", "22:00-06:00", 3)],
      "2026-01-07T22:00Z",
    ],
    ["the next week", "2026-01-07T09:00Z", [window("UTC", "08:00-09:00", 3)], "2026-01-14T08:00Z"],
    [
      "the nearest of several places",
      "2026-01-07T03:00Z",
      [
        window("Europe/Berlin", "08:00-09:00"),
        window("Asia/Kathmandu", "09:00-10:00"), // +05:45
        window("America/St_Johns", "03:00-04:00"), // -03:30
      ],
      "2026-01-07T03:15Z",
    ],
    [
      "inside of any of them",
      "2026-01-07T03:00Z",
      [window("UTC", "08:00-09:00"), window("Asia/Kolkata", "08:30-09:00")],
      "2026-01-07T03:00Z",
    ],
    [
      "in winter",
      "2026-01-07T00:00Z",
      [window("Europe/Berlin", "08:00-20:00")],
      "2026-01-07T07:00Z",
    ],
    [
      "in summer",
      "2026-07-07T00:00Z",
      [window("Europe/Berlin", "08:00-20:00")],
      "2026-07-07T06:00Z",
    ],
    [
      "summer comes in the night between",
      "2026-03-28T21:00Z",
      [window("Europe/Berlin", "08:00-20:00")],
      "2026-03-29T06:00Z",
    ],
    [
      "winter comes in the night between",
      "2026-10-24T21:00Z",
      [window("Europe/Berlin", "08:00-20:00")],
      "2026-10-25T07:00Z",
    ],
    [
      "a begin that is skipped: the first time that exists",
      "2026-03-29T00:00Z",
      [window("Europe/Berlin", "02:30-05:00")],
      "2026-03-29T01:00Z", // 03:00 there
    ],
    [
      "a window that is skipped as a whole: the next day's",
      "2026-03-29T00:00Z",
      [window("Europe/Berlin", "02:15-02:45")],
      "2026-03-30T00:15Z",
    ],
    [
      "the same of one day a week: the next week's",
      "2026-03-29T00:00Z",
      [window("Europe/Berlin", "02:15-02:45", 7)],
      "2026-04-05T00:15Z",
    ],
    [
      "in a repeated hour: the first time",
      "2026-10-24T23:00Z",
      [window("Europe/Berlin", "02:15-02:45")],
      "2026-10-25T00:15Z",
    ],
    [
      "in a repeated hour, once the first is over: the second",
      "2026-10-25T00:45Z",
      [window("Europe/Berlin", "02:15-02:45")],
      "2026-10-25T01:15Z",
    ],
    [
      "the south: summer ends in April",
      "2026-04-04T14:00Z",
      [window("Australia/Sydney", "02:30-02:40")],
      "2026-04-04T15:30Z",
    ],
    [
      "half an hour is skipped",
      "2026-10-03T15:00Z",
      [window("Australia/Lord_Howe", "02:15-02:45")],
      "2026-10-03T15:30Z", // 02:30 there
    ],
    [
      "a day that a place has skipped",
      "2011-12-30T05:00Z", // Thursday evening there, before Saturday
      [window("Pacific/Apia", "08:00-09:00", 5)],
      "2012-01-05T18:00Z",
    ],
    [
      "a clock set back across midnight shows the next day first",
      "2005-10-30T02:20Z", // 23:50 in Newfoundland; at 00:01 it is 23:01 again
      [window("America/St_Johns", "00:00-23:40")],
      "2005-10-30T02:30Z",
    ],
  ])("%s", (_name, at, windows, expected) => {
    expect(first(at, ...windows)).toBe(expected);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 8.64e15, -8.64e15])(
    "of %d is the same",
    (atMs) => {
      expect(firstAllowedAtMs(atMs, [window("UTC", "08:00-09:00")])).toBe(atMs);
    },
  );
});

describe("compared with a simulated local clock", () => {
  const ZONES = [
    ...["UTC", "Europe/Berlin", "Europe/Dublin", "America/New_York", "America/Santiago"],
    ...["Australia/Sydney", "Pacific/Auckland", "Pacific/Kiritimati", "Pacific/Pago_Pago"],
    ...["Asia/Kathmandu", "Asia/Kolkata", "America/St_Johns", "Australia/Lord_Howe"],
    ...["Pacific/Chatham", "Australia/Eucla", "Africa/Casablanca", "Asia/Beirut"],
  ];

  const clocks = new Map<string, Intl.DateTimeFormat>();
  const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

  /** Local day of the week and minute of the day. */
  function wall(timeZone: string, atMs: number): [day: number, minute: number] {
    const clock =
      clocks.get(timeZone) ??
      new Intl.DateTimeFormat("en-GB", {
        ...({ timeZone, weekday: "short", hour: "2-digit", minute: "2-digit" } as const),
        hourCycle: "h23",
      });
    clocks.set(timeZone, clock);
    const [, day = "", hour, minute] = /^(\w{3}),? (\d\d):(\d\d)$/.exec(clock.format(atMs)) ?? [];
    return [DAYS.indexOf(day) + 1, Number(hour) * 60 + Number(minute)];
  }

  function isInside(atMs: number, { timeZone, startMinute, endMinute, days }: RetryWindow) {
    const [day, minute] = wall(timeZone, atMs);
    const isDay = (n: number) => days.length === 0 || days.includes(n);
    if (endMinute > startMinute) return isDay(day) && minute >= startMinute && minute < endMinute;
    const yesterday = day === 1 ? 7 : day - 1;
    return (isDay(day) && minute >= startMinute) || (isDay(yesterday) && minute < endMinute);
  }

  const windows = fc.array(
    fc.record({
      timeZone: fc.constantFrom(...ZONES),
      startMinute: fc.integer({ min: 0, max: 1439 }),
      endMinute: fc.integer({ min: 1, max: 1440 }),
      days: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 3 },
  );
  /** Any time, often near changes of the offset. */
  const instants = fc.oneof(
    fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2040, 0) }),
    fc
      .tuple(
        fc.constantFrom("2026-03-29", "2026-10-25", "2026-04-05", "2026-10-04", "2026-03-08"),
        fc.integer({ min: -DAY_MS, max: 2 * DAY_MS }),
      )
      .map(([day, ms]) => Date.parse(day) + ms),
  );

  test("the result is inside a window, and nothing earlier is", () => {
    fc.assert(
      fc.property(instants, windows, (atMs, given) => {
        const isAllowed = (ms: number) => given.some((one) => isInside(ms, one));
        const foundMs = firstAllowedAtMs(atMs, given);
        expect(isAllowed(foundMs)).toBe(true);
        expect(foundMs).toBeGreaterThanOrEqual(atMs);
        expect(firstAllowedAtMs(foundMs, given)).toBe(foundMs);
        if (foundMs === atMs) return;
        expect(isAllowed(atMs)).toBe(false);
        expect(isAllowed(foundMs - 1)).toBe(false);
        // Windows start and end on whole minutes, so no window is missed.
        const fromMs = Math.max(atMs, foundMs - DAY_MS / 2);
        for (let ms = fromMs; ms < foundMs; ms += MINUTE_MS) expect(isAllowed(ms)).toBe(false);
        for (let ms = atMs; ms < foundMs; ms += 97 * MINUTE_MS) expect(isAllowed(ms)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});

test.each<[string, number | undefined]>([
  ["00:00", 0],
  ["09:05", 545],
  ["23:59", 1439],
  ["24:00", 1440],
  ["24:01", undefined],
  ["9:00", undefined],
  ["12:60", undefined],
  ["12:00 ", undefined],
  ["", undefined],
])("%j is minute %s of the day", (text, minute) => {
  expect(parseTimeOfDay(text)).toBe(minute);
  if (minute !== undefined) expect(formatTimeOfDay(minute)).toBe(text);
});
