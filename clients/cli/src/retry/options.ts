import type { FilterNames } from "./filter.ts";

/** Options of `retry` that decide what it retries. */
export interface RetryOptions extends FilterNames {
  /** The queue of the ids. */
  readonly queue?: string;
  /** The first six or more digits of a group's id. */
  readonly group?: string;
  /** How many messages must match. */
  readonly expect?: number;
  readonly dryRun?: boolean;
}
