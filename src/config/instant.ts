import { scalarType, type ValueType } from "./value-type.ts";

/** RFC 3339. The offset is required: nobody knows which clock a time without one is of. */
const FORM =
  /^\d{4}-(?<month>\d\d)-(?<day>\d\d)[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,3})?(?:[Zz]|[+-]\d\d:\d\d)$/;

const YEAR = /^\d{4}/;

/** An instant as milliseconds since 1970. */
export const instant: ValueType<number> = scalarType({
  placeholder: "INSTANT",
  allowed: "an instant with its offset, such as 2030-01-31T06:00:00Z or 2030-01-31T07:00:00+01:00",
  parse: (text) => {
    const month = FORM.exec(text)?.groups?.month;
    if (month === undefined) return { problem: "is not an instant" };
    const ms = Date.parse(text.toUpperCase().replace(" ", "T"));
    // The 31st of a month that has 30 days would be read as the next day.
    return Number.isNaN(ms) || !isDay(text) ? { problem: "does not exist" } : { ok: ms };
  },
  format: (value) => new Date(value).toISOString(),
});

function isDay(text: string): boolean {
  const year = Number(YEAR.exec(text)?.[0]);
  const { month, day } = FORM.exec(text)?.groups ?? {};
  const date = new Date(Date.UTC(year, Number(month) - 1, Number(day)));
  // Years below 100 are taken for those of 1900 otherwise.
  date.setUTCFullYear(year);
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
}
