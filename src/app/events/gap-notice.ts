import type { GapNotice } from "../../core/event.ts";
import type { OutboxGap } from "../../store/contract.ts";
import { partitionText } from "./events-of-change.ts";

/** Returns what consumers of a queue get in the place of events that are missing. `storeId`: see Outbox. */
export function noticeOfGap(
  gap: OutboxGap,
  storeId: string,
  queue: string,
  atMs: number,
): GapNotice {
  const isMissed = "missed" in gap;
  const [kind, from] = isMissed ? ["missed", gap.from] : ["undone", gap.rolledBackTo];
  return {
    id: [storeId, partitionText(gap.partition), gap.epochMs, from, kind, queue].join("-"),
    ...{ queue, atMs },
    missed: isMissed ? gap.missed : 0,
    undone: isMissed ? 0 : gap.undone,
  };
}
