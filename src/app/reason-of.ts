import { categorize } from "../core/categorize.ts";
import type { Reason } from "../core/reason.ts";
import type { FailureRecord } from "./commands.ts";

/** The reason in force: the given one, or the category of the failure. */
export function reasonOf(failure: FailureRecord): Reason {
  return failure.reason ?? categorize(failure);
}
