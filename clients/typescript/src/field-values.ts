// Converts values of options to values of protobuf fields.

import {
  type Duration,
  durationFromMs,
  type Timestamp,
  timestampFromMs,
} from "@bufbuild/protobuf/wkt";
import { shown } from "./option-checks.ts";

/** @throws TypeError if `ms` is not a finite number */
export function duration(name: string, ms: number): Duration {
  if (!Number.isFinite(ms)) {
    throw new TypeError(`${name} is ${shown(ms)}; give a number of milliseconds`);
  }
  return durationFromMs(Math.round(ms));
}

/** @throws TypeError if `time` is no valid time */
export function instant(name: string, time: Date | number | string): Timestamp {
  const ms = new Date(time).getTime();
  if (!Number.isNaN(ms)) return timestampFromMs(ms);
  throw new TypeError(
    `${name} is ${time instanceof Date ? "an invalid date" : shown(time)}; give a Date`,
  );
}

/** @throws TypeError if `value` is not an integer */
export function integer(name: string, value: number): number {
  if (!Number.isInteger(value)) throw new TypeError(`${name} is ${value}; give a whole number`);
  return value;
}

/** Returns an id. @throws TypeError for an object without a text: all such objects would have one id */
export function id(name: string, value: unknown): string {
  const found = text(value);
  if (typeof value === "string" || !found.startsWith("[object ")) return found;
  throw new TypeError(`${name} is ${shown(value)}; give a text`);
}

/** Returns well-formed text. Programs without types often give numbers as ids. */
export function text(value: unknown): string {
  return String(value).toWellFormed();
}
