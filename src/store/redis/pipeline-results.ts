type Result = [Error | null, unknown];

/** Throws the first error. A pipeline itself never rejects: the errors are among its results. */
export function throwErrorOf(results: readonly (Result | undefined)[] = []): void {
  for (const result of results) if (result?.[0]) throw result[0];
}

/**
 * Reports whether the list of workers of a queue is damaged. The queue goes without them, which must not hold up the others;
 * `sizes` and `stats` report it.
 */
export function isOfWrongType([error]: Result): boolean {
  return error?.message.startsWith("WRONGTYPE") ?? false;
}
