import type { MessageFilter } from "../core/message.ts";
import type { QueueSnapshot } from "../store/contract.ts";

/** Returns how many messages a filter matches, by the queue's counts. */
export function matchingCount(filter: MessageFilter, cells: QueueSnapshot["cells"]): number {
  const { reasons, quarantineReasons } = filter;
  const states: readonly string[] = filter.states.length > 0 ? filter.states : ["QUARANTINED"];
  let total = 0;
  for (const { state, reason, quarantineReason, count } of cells) {
    if (!states.includes(state)) continue;
    if (reasons.length > 0 && !reasons.includes(reason)) continue;
    // A filter by quarantine reason excludes messages in other states.
    if (quarantineReasons.length > 0) {
      if (quarantineReason === undefined || !quarantineReasons.includes(quarantineReason)) continue;
    }
    total += count;
  }
  return total;
}
