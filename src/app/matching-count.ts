import type { MessageFilter } from "../core/message.ts";
import type { QueueSnapshot } from "../store/contract.ts";

/** How many messages a filter matches, by the queue's counts. */
export function matchingCount(filter: MessageFilter, cells: QueueSnapshot["cells"]): number {
  const { reasons, quarantineReasons } = filter;
  const states: readonly string[] = filter.states.length > 0 ? filter.states : ["QUARANTINED"];
  let total = 0;
  for (const { state, reason, quarantineReason, count } of cells) {
    if (!states.includes(state)) continue;
    if (reasons.length > 0 && !reasons.includes(reason)) continue;
    // Only a quarantined message has a quarantine reason: asking for one leaves no other.
    if (quarantineReasons.length > 0) {
      if (quarantineReason === undefined || !quarantineReasons.includes(quarantineReason)) continue;
    }
    total += count;
  }
  return total;
}
