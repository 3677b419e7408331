import type { EditWrite } from "../../store/contract.ts";
import { nextTurn } from "../next-turn.ts";
import type { Letter } from "../rules/letter.ts";
import { EditBudget } from "./edit-budget.ts";
import { type EditContextParts, editContext } from "./edit-context.ts";
import { groupsOfRules, planGroups } from "./plan-groups.ts";
import type { RefusedEdits } from "./refused-edits.ts";

export interface ArrivalEditsParts extends EditContextParts {
  refusedEdits: Pick<RefusedEdits, "tell">;
}

/** What rules of arrivals edit, of letters to one queue: they are stored as sent, and the edits beside them. */
export async function arrivalEdits(
  parts: ArrivalEditsParts,
  queue: string,
  letters: readonly Letter[],
): Promise<ReadonlyMap<Letter, EditWrite>> {
  const writes = new Map<Letter, EditWrite>();
  const context = editContext(queue, parts);
  const budget = new EditBudget();
  for (const letter of letters) {
    if (letter.edits.length === 0) continue;
    const stored = { envelope: letter.command.encodeEnvelope(letter.reason), edits: undefined };
    const groups = groupsOfRules(letter.edits);
    const { write, refused } = planGroups(stored, groups, context, budget);
    for (const { by, detail } of refused) parts.refusedEdits.tell(queue, "", by, detail);
    if (write !== undefined) writes.set(letter, write);
    await nextTurn();
  }
  return writes;
}
