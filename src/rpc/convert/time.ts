import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";
import { DAY_MS, HOUR_MS } from "../../core/time-units.ts";
import type { Violations } from "./violations.ts";

/** A valid value has nanoseconds below one second and with the sign of the seconds. */
function isMalformed(seconds: bigint, nanos: number): boolean {
  return (
    !Number.isInteger(nanos) ||
    Math.abs(nanos) > 999_999_999 ||
    (seconds > 0n && nanos < 0) ||
    (seconds < 0n && nanos > 0)
  );
}

/**
 * Reads a duration in milliseconds, rounded up so that nothing happens too early. Returns undefined
 * if it is absent or invalid.
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

/** Returns what is wrong with a duration; undefined if it is valid. */
export function durationProblem(value: Duration, minMs: number, maxMs: number): string | undefined {
  if (isMalformed(value.seconds, value.nanos)) {
    return "is not a duration: nanos must be below one second and have the sign of the seconds";
  }
  const range = `${formatMs(minMs)} to ${formatMs(maxMs)} are allowed`;
  if (value.seconds < 0n || value.nanos < 0) return `is negative; ${range}`;
  const ms = toMs(value);
  if (ms < minMs) return `is shorter than ${formatMs(minMs)}; ${range}`;
  if (ms > maxMs) return `is longer than ${formatMs(maxMs)}; ${range}`;
  return undefined;
}

/** Whether it is 0, for fields in which 0 means "no limit". */
export function isZero(value: Duration): boolean {
  return value.seconds === 0n && value.nanos === 0;
}

/** For values without a `durationProblem`. */
export function toMs(value: Duration): number {
  return Number(value.seconds) * 1_000 + Math.ceil(value.nanos / 1_000_000);
}

/** Reads a time in milliseconds, rounded up; at most `maxAtMs`. */
export function readTimestampMs(
  v: Violations,
  field: string,
  value: Timestamp,
  maxAtMs: number,
  maxText: string,
): number | undefined {
  // Years 1 to 9999, as Timestamp defines.
  const inRange = value.seconds >= -62_135_596_800n && value.seconds <= 253_402_300_799n;
  if (!inRange || value.nanos < 0 || value.nanos > 999_999_999) {
    v.add(field, "is not a timestamp: years 1 to 9999, nanos 0 to 999999999");
    return undefined;
  }
  const atMs = Number(value.seconds) * 1_000 + Math.ceil(value.nanos / 1_000_000);
  if (atMs > maxAtMs) {
    v.add(field, `is more than ${maxText} ahead`);
    return undefined;
  }
  return atMs;
}

function formatMs(ms: number): string {
  if (ms >= DAY_MS && ms % DAY_MS === 0) return `${ms / DAY_MS} days`;
  if (ms >= HOUR_MS && ms % HOUR_MS === 0) return `${ms / HOUR_MS} h`;
  return ms % 1_000 === 0 ? `${ms / 1_000} s` : `${ms} ms`;
}
