import { formatMessageId } from "../../core/message-id.ts";
import type { SettleItem, Store } from "../../store/contract.ts";
import { nextTurn } from "../next-turn.ts";
import { EditBudget } from "./edit-budget.ts";
import { type EditContextParts, editContext } from "./edit-context.ts";
import { type EditGroup, type GroupsPlan, planGroups, TOO_MUCH } from "./plan-groups.ts";
import type { RefusedEdits } from "./refused-edits.ts";
import { storedContents } from "./stored-contents.ts";

export interface OutcomeEditsParts extends EditContextParts {
  store: Pick<Store, "messages">;
  refusedEdits: Pick<RefusedEdits, "report">;
}

/** An outcome and the edits that come with it. */
export interface DecidedOutcome {
  item: SettleItem;
  /** Absent: no edits. */
  edits?: readonly EditGroup[];
}

const NO_REQUEST = new Uint8Array();

function refuseAll({ edits = [] }: DecidedOutcome, detail: string): GroupsPlan {
  return { refused: edits.map(({ source }) => ({ source, detail })) };
}

/**
 * Adds edits to outcomes, to be written in the same step. A message that cannot be edited is
 * retried without the edit: a transform must not stop retries.
 */
export async function withEdits(
  parts: OutcomeEditsParts,
  queue: string,
  decided: readonly DecidedOutcome[],
): Promise<DecidedOutcome[]> {
  const withEdit = decided.filter(({ edits }) => edits !== undefined);
  const plans = new Map<DecidedOutcome, GroupsPlan>();
  const { messages } = parts.store;
  const { full } = messages;
  if (full === undefined) {
    const context = editContext(queue, parts);
    const budget = new EditBudget();
    const ids = withEdit.map(({ item }) => item.token.messageId);
    let next = 0;
    for await (const one of storedContents(messages, queue, NO_REQUEST, ids)) {
      const outcome = withEdit[next++] as DecidedOutcome;
      if ("stored" in one && one.stored) {
        plans.set(outcome, planGroups(one.stored, outcome.edits ?? [], context, budget));
      }
      // The budget allows no more edits.
      if (budget.isReadOut) break;
      await nextTurn();
    }
    for (const outcome of withEdit.slice(next)) plans.set(outcome, refuseAll(outcome, TOO_MUCH));
  } else {
    for (const outcome of withEdit) plans.set(outcome, refuseAll(outcome, full));
  }
  return decided.map((outcome) => {
    const { write, refused = [] } = plans.get(outcome) ?? {};
    const id = formatMessageId(outcome.item.token.messageId);
    for (const { source, detail } of refused) {
      parts.refusedEdits.report(queue, id, source, detail);
    }
    return write === undefined ? outcome : { ...outcome, item: { ...outcome.item, edit: write } };
  });
}
