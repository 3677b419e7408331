// Options of the programs that run long tests.

import { type ParseArgsConfig, parseArgs } from "node:util";

/** A wrong option. */
export class UsageError extends Error {}

/** @throws {UsageError} for an unknown option, or one without its value */
export function parseOptions<const T extends NonNullable<ParseArgsConfig["options"]>>(
  args: readonly string[],
  options: T,
) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** Returns the number in `text`. @throws {UsageError} if it is none, or beyond the limits */
export function numberOption(name: string, text: string, min: number, max = Infinity): number {
  const number = Number(text);
  if (text.trim() !== "" && Number.isFinite(number) && number >= min && number <= max)
    return number;
  const limits = max === Infinity ? `of at least ${min}` : `from ${min} to ${max}`;
  throw new UsageError(`--${name} takes a number ${limits}, not ${text}.`);
}
