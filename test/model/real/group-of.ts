import type { GroupOf } from "../../../src/app/groups/failure-group.ts";
import type { Reason } from "../../../src/core/reason.ts";

/** Failures are alike here if they have the same reason. */
export const digestOf = (reason: Reason | string): Buffer => Buffer.alloc(16, reason);

export const groupOf: GroupOf = (_failure, reason) => ({
  digest: digestOf(reason),
  describe: () => Buffer.from(reason),
});
