import type { GapNotice } from "../../core/event.ts";
import type { OutboxGap } from "../../store/contract.ts";
import { partitionText } from "./events-of-change.ts";

/**
 * Returns what consumers of a queue get in the place of events that are missing. `storeId`: see Outbox. The id has the end of the
 * gap: one that has grown before it could be published is another notice.
 */
export function noticeOfGap(
  gap: OutboxGap,
  storeId: string,
  queue: string,
  atMs: number,
): GapNotice {
  const [kind, from, count]: ["missed" | "undone", number, number] =
    "missed" in gap ? ["missed", gap.from, gap.missed] : ["undone", gap.rolledBackTo, gap.undone];
  return {
    id: [storeId, partitionText(gap.partition), gap.epochMs, from, from + count, kind, queue].join(
      "-",
    ),
    ...{ queue, atMs },
    missed: kind === "missed" ? count : 0,
    undone: kind === "undone" ? count : 0,
  };
}
