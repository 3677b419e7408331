import { usageError } from "../errors.ts";
import { durationText } from "../output/times.ts";
import { parseDuration } from "./duration.ts";
import { parseInstant } from "./instant.ts";

/** When to begin with past events. */
export interface PastTime {
  /** In ms since 1970. */
  readonly atMs: number;
  /** As a part of a sentence: `30m were`, `2026-01-31T18:00:00.000Z was`. */
  readonly asked: string;
}

/**
 * Reads how long ago, such as `1h30m`, or a time of ISO 8601 as dlq prints it. Without an offset it is in UTC.
 *
 * @throws {CliError} for any other text
 */
export function parsePastTime(text: string): PastTime {
  const atMs = parseInstant(text);
  if (atMs !== undefined) return { atMs, asked: `${new Date(atMs).toISOString()} was` };
  const agoMs = durationOrThrow(text);
  return { atMs: Date.now() - agoMs, asked: `${durationText(agoMs)} were` };
}

/**
 * Reads how long from now, such as `2h`, or a time of ISO 8601. Returns ms since 1970.
 *
 * @param nowMs the time of the store
 * @throws {CliError} for any other text, and for a time that is not to come
 */
export function parseFutureTime(text: string, nowMs: number): number {
  const atMs = parseInstant(text) ?? nowMs + durationOrThrow(text);
  if (atMs <= nowMs) throw usageError(`"${text}" is not in the future`);
  return atMs;
}

function durationOrThrow(text: string): number {
  try {
    return parseDuration(text);
  } catch {
    throw usageError(
      `"${text}" is no duration or time`,
      "write one such as 30s, 1h30m or 7d, or a time such as 2026-01-31T18:00:00Z",
    );
  }
}
