import { expect, it, test } from "vitest";
import { isTimeZone, offsetAt } from "../../src/core/time-zone.ts";

const offsetMs = (zone: string, atMs: number) => offsetAt(zone, atMs).offsetMs;

test.each<[string, string, string]>([
  ["UTC", "2026-01-01", "+00:00"],
  ["Europe/London", "2026-01-01", "+00:00"],
  ["Europe/London", "2026-07-01", "+01:00"],
  ["Asia/Kathmandu", "2026-01-01", "+05:45"],
  ["America/St_Johns", "2026-01-01", "-03:30"],
  ["America/St_Johns", "2026-07-01", "-02:30"],
  ["Pacific/Kiritimati", "2026-01-01", "+14:00"],
  ["Etc/GMT+12", "2026-01-01", "-12:00"],
  ["america/NEW_YORK", "2026-01-01", "-05:00"],
])("%s is on %s %s ahead", (zone, day, expected) => {
  const minutes = offsetMs(zone, Date.parse(day)) / 60_000;
  const [hours = 0, rest = 0] = expected.slice(1).split(":").map(Number);
  expect(minutes).toBe((expected.startsWith("-") ? -1 : 1) * (hours * 60 + rest) + 0);
});

it("supports offsets with seconds, as before time zones existed", () => {
  expect(offsetMs("Africa/Monrovia", Date.UTC(1880, 0))).toBe(-(43 * 60 + 8) * 1_000);
});

it("finds changes of the offset to the millisecond", () => {
  const summerAtMs = Date.UTC(2026, 2, 29, 1);
  const winterAtMs = Date.UTC(2026, 9, 25, 1);
  for (const atMs of [summerAtMs - 1, summerAtMs - 3_600_000, summerAtMs - 2 * 86_400_000]) {
    expect(offsetAt("Europe/Berlin", atMs)).toMatchObject({
      offsetMs: 3_600_000,
      untilMs: summerAtMs,
    });
  }
  expect(offsetMs("Europe/Berlin", summerAtMs)).toBe(7_200_000);
  expect(offsetAt("Europe/Berlin", winterAtMs - 1).untilMs).toBe(winterAtMs);
  expect(offsetMs("Europe/Berlin", winterAtMs)).toBe(3_600_000);
});

it("returns the same from the cache, in any order", () => {
  const hours = Array.from({ length: 24 * 366 }, (_, n) => Date.UTC(2026, 0) + n * 3_600_000);
  for (const zone of ["Europe/Berlin", "Africa/Casablanca", "Australia/Lord_Howe"]) {
    const ahead = hours.map((atMs) => offsetMs(zone, atMs));
    const back = hours.toReversed().map((atMs) => offsetMs(zone, atMs));
    const clock = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
    expect(back.toReversed()).toEqual(ahead);
    const sample = hours.filter((_, n) => n % 7 === 0);
    for (const atMs of sample) {
      const [, sign, hour, minute] = /GMT(?:([+-])(\d\d):(\d\d))?$/.exec(clock.format(atMs)) ?? [];
      const minutes = Number(hour ?? 0) * 60 + Number(minute ?? 0);
      expect(offsetMs(zone, atMs)).toBe((sign === "-" ? -1 : 1) * minutes * 60_000 + 0);
    }
  }
});

it("stays correct with more zones than the cache holds", () => {
  const zones = Intl.supportedValuesOf("timeZone");
  const offsets = () => zones.map((zone) => offsetMs(zone, Date.UTC(2026, 0)));
  expect(zones.length).toBeGreaterThan(256);
  expect(offsets()).toEqual(offsets());
});

test.each<[string, boolean]>([
  ["Europe/Berlin", true],
  ["America/Argentina/Buenos_Aires", true],
  ["EST5EDT", true],
  ["", false],
  ["Europe/Atlantis", false],
  ["+01:00", false],
  ["Berlin", false],
  ["Europe/Berlin ", false],
  ["../etc/passwd", false],
  [`${"A/".repeat(10_000)}B`, false],
])("%.40s is a zone: %s", (name, expected) => {
  expect(isTimeZone(name)).toBe(expected);
});
