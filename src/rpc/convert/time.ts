import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";
import type { Violations } from "./violations.ts";

export const SECOND_MS = 1_000;
export const DAY_MS = 86_400_000;

/** Nanoseconds have the sign of the seconds and stay below one second, or the value is malformed. */
function isMalformed(seconds: bigint, nanos: number): boolean {
  return (
    !Number.isInteger(nanos) ||
    Math.abs(nanos) > 999_999_999 ||
    (seconds > 0n && nanos < 0) ||
    (seconds < 0n && nanos > 0)
  );
}

/**
 * A duration in milliseconds, rounded up: nothing happens earlier than it was asked for.
 * Undefined when absent, and when it was refused.
 */
export function readDurationMs(
  v: Violations,
  field: string,
  value: Duration | undefined,
  minMs: number,
  maxMs: number,
): number | undefined {
  if (value === undefined) return undefined;
  const problem = durationProblem(value, minMs, maxMs);
  if (problem !== undefined) {
    v.add(field, problem);
    return undefined;
  }
  return toMs(value);
}

/** What is wrong with a duration, in words; undefined for a good one. */
export function durationProblem(value: Duration, minMs: number, maxMs: number): string | undefined {
  if (isMalformed(value.seconds, value.nanos)) {
    return "is not a duration: nanos must be below one second and have the sign of the seconds";
  }
  const range = `${inWords(minMs)} to ${inWords(maxMs)} are allowed`;
  if (value.seconds < 0n || value.nanos < 0) return `is negative; ${range}`;
  const ms = toMs(value);
  if (ms < minMs) return `is shorter than ${inWords(minMs)}; ${range}`;
  if (ms > maxMs) return `is longer than ${inWords(maxMs)}; ${range}`;
  return undefined;
}

/** Where 0 means "no limit", apart from the range. */
export function isZero(value: Duration): boolean {
  return value.seconds === 0n && value.nanos === 0;
}

/** For values that `durationProblem` has nothing against. */
export function toMs(value: Duration): number {
  return Number(value.seconds) * 1_000 + Math.ceil(value.nanos / 1_000_000);
}

/** An instant in milliseconds, rounded up; at most `maxAtMs`. */
export function readTimestampMs(
  v: Violations,
  field: string,
  value: Timestamp,
  maxAtMs: number,
  maxInWords: string,
): number | undefined {
  // Seconds of the years 1 to 9999, as the type itself says.
  const inRange = value.seconds >= -62_135_596_800n && value.seconds <= 253_402_300_799n;
  if (!inRange || value.nanos < 0 || value.nanos > 999_999_999) {
    v.add(field, "is not a timestamp: years 1 to 9999, nanos 0 to 999999999");
    return undefined;
  }
  const atMs = Number(value.seconds) * 1_000 + Math.ceil(value.nanos / 1_000_000);
  if (atMs > maxAtMs) {
    v.add(field, `is more than ${maxInWords} ahead`);
    return undefined;
  }
  return atMs;
}

function inWords(ms: number): string {
  if (ms >= DAY_MS && ms % DAY_MS === 0) return `${ms / DAY_MS} days`;
  if (ms >= 3_600_000 && ms % 3_600_000 === 0) return `${ms / 3_600_000} h`;
  return ms % 1_000 === 0 ? `${ms / 1_000} s` : `${ms} ms`;
}
