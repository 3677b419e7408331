import type { GapNotice } from "../../core/event.ts";
import type { OutboxGap } from "../../store/contract.ts";
import { partitionText } from "./events-of-change.ts";

/**
 * Returns what consumers of a queue get in the place of events that are missing. `storeId`: see Outbox. The id has the end of the
 * gap: one that has grown before it could be published is another notice.
 */
export function noticeOfGap(
  { gap, partition, epochMs, from, count, afterMs, untilMs }: OutboxGap,
  storeId: string,
  queue: string,
  atMs: number,
): GapNotice {
  return {
    id: [storeId, partitionText(partition), epochMs, from, from + count, gap, queue].join("-"),
    ...{ queue, atMs, missed: 0, undone: 0, [gap]: count, afterMs, untilMs },
  };
}
