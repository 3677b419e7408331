import { type BatchJobCounts, type BatchJobRefusal, newRefusal } from "../../codec/batch-job.ts";
import { formatMessageId } from "../../core/message-id.ts";
import type { Retention } from "../../core/retention.ts";
import type { MessageState } from "../../store/contract.ts";
import { obstacleTo, type PlannedAction } from "./job-actions.ts";

/** What the store needs for a deleted message beside its content, about. */
const DELETED_OVERHEAD_BYTES = 400;
/** Reasons that are counted separately, and the characters of one. */
const REFUSALS = 20;
const WHY_CHARS = 200;
const OTHER_WHY = "other reasons";

/** Counts a message that a job does not act on. */
export function addRefusal(
  refusals: BatchJobRefusal[],
  why: string,
  queue: string,
  id: Uint8Array,
): void {
  const text = why.slice(0, WHY_CHARS);
  const known = refusals.find((one) => one.why === text);
  const isFull = refusals.length >= REFUSALS - 1;
  const other = isFull ? refusals.find((one) => one.why === OTHER_WHY) : undefined;
  const found = known ?? other;
  if (found !== undefined) found.count++;
  else {
    const shown = isFull ? OTHER_WHY : text;
    refusals.push(newRefusal({ why: shown, count: 1n, id: formatMessageId(id), queue }));
  }
}

/** Counts messages that Undelete will not be able to bring back. */
export class KeepCount {
  readonly #retentionOf: (queue: string) => Retention | undefined;
  #queue = "";
  #bytes = 0;

  /** @param retentionOf undefined: the action removes nothing, or erases it at once */
  constructor(retentionOf: (queue: string) => Retention | undefined) {
    this.#retentionOf = retentionOf;
  }

  add(counts: BatchJobCounts, queue: string, messages: readonly MessageState[]): void {
    const retention = this.#retentionOf(queue);
    if (retention === undefined) return;
    if (queue !== this.#queue) this.#bytes = 0;
    this.#queue = queue;
    for (const { bytes } of messages) {
      this.#bytes += bytes + DELETED_OVERHEAD_BYTES;
      const isKept = retention.deletedMs > 0 && this.#bytes <= retention.maxBytes;
      if (!isKept) counts.notKeptCount++;
    }
  }
}

/** Counts a message that matches. Returns whether the job can act on it. */
export function countMessage(
  counts: BatchJobCounts,
  plan: PlannedAction,
  queue: string,
  message: MessageState,
): boolean {
  const obstacle = obstacleTo(plan, queue, message);
  if (obstacle !== undefined) {
    addRefusal(counts.notSelected, obstacle, queue, message.id);
    return false;
  }
  counts.selectedCount++;
  if (message.unknownOutcomes > 0) counts.outcomeUnknownCount++;
  return true;
}
