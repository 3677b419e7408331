import type { BatchJobCounts } from "../../codec/batch-job.ts";
import { formatMessageId } from "../../core/message-id.ts";
import type { JobItem, MessageState, Store } from "../../store/contract.ts";
import {
  type EditContextParts,
  editContext,
  planEdits,
  type SourcedTransform,
} from "../edits/plan-edits.ts";
import { EarlierAnswer, storedContents } from "../edits/stored-contents.ts";
import { nextTurn } from "../timers.ts";
import { obstacleTo, type PlannedAction } from "./job-actions.ts";
import { addRefusal } from "./job-counting.ts";

export interface StepPlanParts extends EditContextParts {
  store: Pick<Store, "messages">;
}

/** Bytes of edits of one step, except for a single larger message. */
const STEP_BYTES = 1024 * 1024;
const NO_REQUEST = new Uint8Array();

/**
 * Decides what to do with the first of these messages, and counts those that cannot be acted on. Returns how many were decided on, and
 * what to do; undefined: one of them has changed.
 */
export async function planStep(
  parts: StepPlanParts,
  plan: { readonly action: PlannedAction; readonly transforms: readonly SourcedTransform[] },
  queue: string,
  messages: readonly MessageState[],
  counts: BatchJobCounts,
): Promise<{ items: JobItem[]; taken: number } | undefined> {
  const { action, transforms } = plan;
  const free = messages.filter((one) => obstacleTo(action, queue, one) === undefined);
  if (transforms.length === 0) {
    const items = free.map(({ id, version }) => ({ id, version }));
    return { items, taken: messages.length };
  }
  const context = editContext(queue, parts);
  const versions = new Map(free.map((one) => [formatMessageId(one.id), one]));
  const items: JobItem[] = [];
  let bytes = 0;
  const ids = free.map(({ id }) => id);
  for await (const one of storedContents(parts.store.messages, queue, NO_REQUEST, ids)) {
    if (one instanceof EarlierAnswer) continue;
    const { id, stored } = one;
    const state = versions.get(formatMessageId(id));
    if (stored === undefined || stored.version !== state?.version) return undefined;
    const edited = planEdits(stored, transforms, context);
    if (edited.kind === "refuse") addRefusal(counts.refused, edited.detail, queue, id);
    else {
      const write = edited.kind === "edit" ? edited.write : undefined;
      items.push({ id, version: stored.version, ...(write && { write }) });
      bytes += stored.envelope.length + (write?.edits.length ?? 0);
    }
    if (bytes >= STEP_BYTES) return { items, taken: messages.indexOf(state) + 1 };
    await nextTurn();
  }
  return { items, taken: messages.length };
}
