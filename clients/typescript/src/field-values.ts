// Converts values of options to values of protobuf fields.

import { type Duration, durationFromMs } from "@bufbuild/protobuf/wkt";

/** @throws TypeError if `ms` is not a finite number */
export function duration(name: string, ms: number): Duration {
  if (!Number.isFinite(ms)) throw new TypeError(`${name} is ${ms}; give a number of milliseconds`);
  return durationFromMs(Math.round(ms));
}

/** @throws TypeError if `value` is not an integer */
export function integer(name: string, value: number): number {
  if (!Number.isInteger(value)) throw new TypeError(`${name} is ${value}; give a whole number`);
  return value;
}

/** Returns well-formed text. Programs without types often give numbers as ids. */
export function text(value: unknown): string {
  return String(value).toWellFormed();
}
