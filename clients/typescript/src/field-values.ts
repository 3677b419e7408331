// Values of options as the wire has them.

import { type Duration, durationFromMs } from "@bufbuild/protobuf/wkt";

/** @throws TypeError if it is no number */
export function duration(name: string, ms: number): Duration {
  if (!Number.isFinite(ms)) throw new TypeError(`${name} is ${ms}; give a number of milliseconds`);
  return durationFromMs(Math.round(ms));
}

/** @throws TypeError if it is none */
export function integer(name: string, value: number): number {
  if (!Number.isInteger(value)) throw new TypeError(`${name} is ${value}; give a whole number`);
  return value;
}

/** As UTF-8 can hold it. Ids are often numbers where no compiler looks. */
export function text(value: unknown): string {
  return String(value).toWellFormed();
}
