import { formatMessageId } from "../../core/message-id.ts";
import { transformLimits } from "../../core/transform/edit-limits.ts";
import type { Transform } from "../../core/transform/transform.ts";
import type { SettleItem, Store, StoredContent } from "../../store/contract.ts";
import { nextTurn } from "../next-turn.ts";
import type { DecisionLog } from "../observer.ts";
import { EditBudget } from "./edit-budget.ts";
import { type EditPlan, planEdits, type SourcedTransform } from "./plan-edits.ts";
import { storedContents } from "./stored-contents.ts";

export interface RescheduleEditsParts {
  store: Pick<Store, "messages">;
  /** The wall clock. */
  now(): number;
  payloadMaxBytes?: number;
  log: Pick<DecisionLog, "warn">;
}

/** An outcome, and what the message is to be edited by before it is tried again. */
export interface DecidedOutcome {
  item: SettleItem;
  transforms?: readonly SourcedTransform[];
}

export function ofQueue(queue: string, transforms: readonly Transform[]): SourcedTransform[] {
  const who = `queue ${queue}`;
  return transforms.map((transform) => ({ transform, who }));
}

const NO_REQUEST = new Uint8Array();

/**
 * Adds edits to the outcomes that ask for them, to be written in the same step. What can't be edited
 * is retried as it is: a transform must not be the reason that nothing is tried any more.
 */
export async function withEdits(
  parts: RescheduleEditsParts,
  queue: string,
  decided: readonly DecidedOutcome[],
): Promise<DecidedOutcome[]> {
  const { messages } = parts.store;
  const asking = decided.filter(({ transforms }) => transforms !== undefined);
  const planned = new Map<DecidedOutcome, EditPlan>();
  const { full } = messages;
  if (full === undefined) {
    const ids = asking.map(({ item }) => item.token.messageId);
    const planner = new Planner(parts);
    let next = 0;
    for await (const one of storedContents(messages, queue, NO_REQUEST, ids)) {
      const outcome = asking[next++] as DecidedOutcome;
      if ("stored" in one && one.stored) planned.set(outcome, planner.plan(outcome, one.stored));
      await nextTurn();
    }
  } else {
    for (const outcome of asking) planned.set(outcome, { kind: "refuse", detail: full });
  }
  return decided.map((outcome) => {
    const plan = planned.get(outcome);
    if (plan?.kind === "refuse") {
      const id = formatMessageId(outcome.item.token.messageId);
      parts.log.warn({ queue, id, why: plan.detail }, "retried without its transforms");
    }
    return plan?.kind === "edit"
      ? { ...outcome, item: { ...outcome.item, edit: plan.write } }
      : outcome;
  });
}

/** Plans the edits of one call, within what a call may edit. */
class Planner {
  readonly #parts: RescheduleEditsParts;
  readonly #budget = new EditBudget();

  constructor(parts: RescheduleEditsParts) {
    this.#parts = parts;
  }

  plan({ transforms = [] }: DecidedOutcome, stored: StoredContent): EditPlan {
    const { now, payloadMaxBytes } = this.#parts;
    if (!this.#budget.read(stored.envelope.length + (stored.edits?.length ?? 0))) return TOO_MUCH;
    const context = { limits: transformLimits(payloadMaxBytes), atMs: now() };
    const plan = planEdits(stored, transforms, context);
    return plan.kind !== "edit" || this.#budget.write(plan.write.edits.length) ? plan : TOO_MUCH;
  }
}

const TOO_MUCH: EditPlan = {
  kind: "refuse",
  detail: "the messages of one call have more than 16 MiB together",
};
