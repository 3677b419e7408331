import { categorize } from "../core/categorize.ts";
import type { Reason } from "../core/reason.ts";
import type { FailureRecord } from "./commands.ts";

/** The reason in force: as the sender says, or as the failure reads. */
export function reasonOf(failure: FailureRecord): Reason {
  return failure.reason ?? categorize(failure);
}
