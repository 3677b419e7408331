import { DlqError } from "../core/errors.ts";

/** A result for one message. */
interface ResultOfOne {
  /** Why there is none: the data of its queue is damaged. */
  readonly error?: DlqError;
}

/** Waits for work on one queue. Returns the error if the data of the queue is damaged: it must not hold up other queues. */
export async function resultOrDamage<T>(work: Promise<T>): Promise<T | DlqError> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof DlqError && error.kind === "INTERNAL") return error;
    throw error;
  }
}

/** Throws the first error if each result has one. */
export function throwIfAllFailed(results: readonly ResultOfOne[]): void {
  const [first] = results;
  if (first?.error !== undefined && results.every(({ error }) => error !== undefined)) {
    throw first.error;
  }
}
