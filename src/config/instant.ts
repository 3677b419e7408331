import { scalarType, type ValueType } from "./value-type.ts";

/** RFC 3339. The offset is required, since a time without one is ambiguous. */
const FORM =
  /^\d{4}-(?<month>\d\d)-(?<day>\d\d)[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,3})?(?:[Zz]|[+-]\d\d:\d\d)$/;

const YEAR = /^\d{4}/;

/** A time in milliseconds since 1970. */
export const instant: ValueType<number> = scalarType({
  placeholder: "TIME",
  allowed: "a time with its offset, such as 2030-01-31T06:00:00Z or 2030-01-31T07:00:00+01:00",
  parse: (text) => {
    const month = FORM.exec(text)?.groups?.month;
    if (month === undefined) return { problem: "is not a time" };
    const ms = Date.parse(text.toUpperCase().replace(" ", "T"));
    // Date would read the 31st of a month with 30 days as the next day.
    return Number.isNaN(ms) || !isDay(text) ? { problem: "does not exist" } : { ok: ms };
  },
  format: (value) => new Date(value).toISOString(),
});

function isDay(text: string): boolean {
  const year = Number(YEAR.exec(text)?.[0]);
  const { month, day } = FORM.exec(text)?.groups ?? {};
  const date = new Date(Date.UTC(year, Number(month) - 1, Number(day)));
  // Date.UTC reads years below 100 as 19xx.
  date.setUTCFullYear(year);
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
}
