import { usageError } from "../errors.ts";
import { durationText } from "../output/times.ts";
import { parseDuration } from "./duration.ts";

/** When to begin with past events. */
export interface PastTime {
  /** In ms since 1970. */
  readonly atMs: number;
  /** As a part of a sentence: `30m were`, `2026-01-31T18:00:00.000Z was`. */
  readonly asked: string;
}

const TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(Z|UTC|[+-]\d\d:\d\d)?$/i;

/**
 * Reads how long ago, such as `1h30m`, or a time of ISO 8601 as dlq prints it. Without an offset it is in UTC.
 *
 * @throws {CliError} for any other text
 */
export function parsePastTime(text: string): PastTime {
  const [, day, time, zone = "UTC"] = TIME.exec(text) ?? [];
  if (day === undefined) {
    try {
      const agoMs = parseDuration(text);
      return { atMs: Date.now() - agoMs, asked: `${durationText(agoMs)} were` };
    } catch {
      throw wrongTime(text);
    }
  }
  const atMs = Date.parse(`${day}T${time}${zone.replace(/utc/i, "Z")}`);
  // A 31st of February would be in March.
  const isDay = new Date(Date.parse(day)).toJSON()?.startsWith(day) === true;
  if (Number.isNaN(atMs) || !isDay) throw wrongTime(text);
  return { atMs, asked: `${new Date(atMs).toISOString()} was` };
}

function wrongTime(text: string): Error {
  return usageError(
    `"${text}" is no duration or time`,
    "write one such as 30s, 1h30m or 7d, or a time such as 2026-01-31T18:00:00Z",
  );
}
