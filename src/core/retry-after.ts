import { DAY_MS } from "./time-units.ts";

/** The longest wait that can be asked for; longer ones are cut. */
export const RETRY_AFTER_MAX_MS = 30 * DAY_MS;

/** When a failed call asks to be repeated. */
export interface RetryAfterFacts {
  /** The failure's `retry_after`. */
  retryAfterMs?: number | undefined;
  /** The Retry-After header in the failure's attributes. Used if the field is absent. */
  retryAfterText?: string | undefined;
}

/** Returns the shortest wait, from 0 to 30 days; undefined if the failure asks for none. */
export function retryAfterOf(facts: RetryAfterFacts, nowMs: number): number | undefined {
  const { retryAfterMs, retryAfterText } = facts;
  if (retryAfterMs !== undefined && !Number.isNaN(retryAfterMs)) return cut(retryAfterMs);
  return retryAfterText === undefined ? undefined : parseRetryAfter(retryAfterText, nowMs);
}

/**
 * Parses seconds, or an HTTP date in any of its three forms (RFC 9110, 5.6.7). Returns undefined
 * for other text.
 */
export function parseRetryAfter(text: string, nowMs: number): number | undefined {
  const value = text.trim();
  if (/^\d+(?:\.\d+)?$/.test(value)) return cut(Number(value) * 1_000);
  const atMs = parseHttpDate(value, nowMs);
  return atMs === undefined ? undefined : cut(atMs - nowMs);
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const TIME = "(?<hour>\\d\\d):(?<minute>\\d\\d):(?<second>\\d\\d)";
const MONTH = `(?<month>${MONTHS.join("|")})`;
const FORMS = [
  // Sun, 06 Nov 1994 08:49:37 GMT
  new RegExp(`^[A-Z][a-z]{2}, (?<day>\\d\\d) ${MONTH} (?<year>\\d{4}) ${TIME} (?:GMT|UTC)$`),
  // Sunday, 06-Nov-94 08:49:37 GMT
  new RegExp(`^[A-Z][a-z]{5,8}, (?<day>\\d\\d)-${MONTH}-(?<year>\\d\\d) ${TIME} (?:GMT|UTC)$`),
  // Sun Nov  6 08:49:37 1994
  new RegExp(`^[A-Z][a-z]{2} ${MONTH} (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})$`),
];

function parseHttpDate(text: string, nowMs: number): number | undefined {
  for (const form of FORMS) {
    const found = form.exec(text)?.groups;
    if (found === undefined) continue;
    const part = (name: string) => Number(found[name]);
    const month = MONTHS.indexOf(found.month ?? "");
    const [hour, minute, second] = [part("hour"), part("minute"), part("second")];
    const year = found.year?.length === 2 ? fullYear(part("year"), nowMs) : part("year");
    const dayMs = Date.UTC(year, month, part("day"));
    // February 31 would become a day in March; :60 is a leap second.
    const isDay = new Date(dayMs).getUTCDate() === part("day") && part("day") > 0;
    if (!isDay || hour > 23 || minute > 59 || second > 60) return undefined;
    return dayMs + ((hour * 60 + minute) * 60 + second) * 1_000;
  }
  return undefined;
}

/** A year of two digits is at most 50 years ahead, as the RFC requires. */
function fullYear(twoDigits: number, nowMs: number): number {
  const thisYear = new Date(nowMs).getUTCFullYear();
  const year = Math.floor(thisYear / 100) * 100 + twoDigits;
  return year > thisYear + 50 ? year - 100 : year;
}

/** Rounds up to whole milliseconds, from 0 to 30 days. */
function cut(ms: number): number {
  return Math.min(Math.max(0, Math.ceil(ms)), RETRY_AFTER_MAX_MS);
}
