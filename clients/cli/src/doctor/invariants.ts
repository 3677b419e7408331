import { ConditionCode, type QueueStats } from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { MessageState } from "../../../../gen/dlq/v1/state_pb.ts";
import { messagesOf } from "../reads/stats.ts";

/** Returns what does not add up in the counts of one queue, in words. A damaged queue has no counts. */
export function brokenInvariants(queue: QueueStats): string[] {
  if (queue.conditions.some(({ code }) => code === ConditionCode.DAMAGED)) return [];
  const broken: string[] = [];
  const { totals, counts, scheduled, inFlight, quarantined, dueNow } = queue;
  if (totals !== undefined) {
    const left =
      totals.succeeded +
      totals.discarded +
      totals.expired +
      totals.purged +
      totals.movedOut -
      totals.movedIn -
      totals.undeleted;
    const accounted = messagesOf(queue) + left;
    if (totals.accepted !== accounted) {
      broken.push(
        `${totals.accepted} messages were accepted, and ${accounted} are stored or have left`,
      );
    }
  }
  if (dueNow > scheduled) broken.push(`${dueNow} messages are due, and ${scheduled} are scheduled`);
  const byState: readonly (readonly [MessageState, string, bigint])[] = [
    [MessageState.SCHEDULED, "scheduled", scheduled],
    [MessageState.IN_FLIGHT, "in flight", inFlight],
    [MessageState.QUARANTINED, "quarantined", quarantined],
  ];
  for (const [state, name, count] of byState) {
    const sum = counts
      .filter((one) => one.state === state)
      .reduce((all, one) => all + one.count, 0n);
    if (sum !== count) broken.push(`${count} messages are ${name}, and by reason they are ${sum}`);
  }
  return broken;
}
