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
  refusedEdits: Pick<RefusedEdits, "tell">;
}

/** An outcome, and what the message is to be edited by. */
export interface DecidedOutcome {
  item: SettleItem;
  /** Absent: nothing. */
  edits?: readonly EditGroup[];
}

const NO_REQUEST = new Uint8Array();

function refuseAll({ edits = [] }: DecidedOutcome, detail: string): GroupsPlan {
  return { refused: edits.map(({ by }) => ({ by, detail })) };
}

/**
 * Adds edits to the outcomes that ask for them, to be written in the same step. What can't be edited
 * goes on as it is: a transform must not be the reason that nothing is tried any more.
 */
export async function withEdits(
  parts: OutcomeEditsParts,
  queue: string,
  decided: readonly DecidedOutcome[],
): Promise<DecidedOutcome[]> {
  const asking = decided.filter(({ edits }) => edits !== undefined);
  const plans = new Map<DecidedOutcome, GroupsPlan>();
  const { messages } = parts.store;
  const { full } = messages;
  if (full === undefined) {
    const context = editContext(queue, parts);
    const budget = new EditBudget();
    const ids = asking.map(({ item }) => item.token.messageId);
    let next = 0;
    for await (const one of storedContents(messages, queue, NO_REQUEST, ids)) {
      const outcome = asking[next++] as DecidedOutcome;
      if ("stored" in one && one.stored) {
        plans.set(outcome, planGroups(one.stored, outcome.edits ?? [], context, budget));
      }
      // The others would be read in vain.
      if (budget.isReadOut) break;
      await nextTurn();
    }
    for (const outcome of asking.slice(next)) plans.set(outcome, refuseAll(outcome, TOO_MUCH));
  } else {
    for (const outcome of asking) plans.set(outcome, refuseAll(outcome, full));
  }
  return decided.map((outcome) => {
    const { write, refused = [] } = plans.get(outcome) ?? {};
    const id = formatMessageId(outcome.item.token.messageId);
    for (const { by, detail } of refused) parts.refusedEdits.tell(queue, id, by, detail);
    return write === undefined ? outcome : { ...outcome, item: { ...outcome.item, edit: write } };
  });
}
