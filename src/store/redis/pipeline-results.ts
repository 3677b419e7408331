type Result = [Error | null, unknown];

/** Throws the first error. A pipeline itself never rejects: the errors are among its results. */
export function throwErrorOf(results: readonly (Result | undefined)[] = []): void {
  for (const result of results) if (result?.[0]) throw result[0];
}

/**
 * Reports whether a key has the wrong type. One such key must not hold up the others: a queue goes without its damaged list of
 * workers, which `sizes` and `stats` report, and a damaged outbox is left out.
 */
export function isOfWrongType([error]: Result): boolean {
  return error?.message.startsWith("WRONGTYPE") ?? false;
}
