import type { EditWrite } from "../../store/contract.ts";
import { nextTurn } from "../next-turn.ts";
import type { RoutedSend } from "../rules/routed-send.ts";
import { EditBudget } from "./edit-budget.ts";
import { type EditContextParts, editContext } from "./edit-context.ts";
import { groupsOfRules, planGroups } from "./plan-groups.ts";
import type { RefusedEdits } from "./refused-edits.ts";

export interface ArrivalEditsParts extends EditContextParts {
  refusedEdits: Pick<RefusedEdits, "report">;
}

/**
 * Plans the edits that arrival rules ask for. Messages are stored as sent, with the edits beside
 * them.
 */
export async function arrivalEdits(
  parts: ArrivalEditsParts,
  queue: string,
  routedSends: readonly RoutedSend[],
): Promise<ReadonlyMap<RoutedSend, EditWrite>> {
  const writes = new Map<RoutedSend, EditWrite>();
  const context = editContext(queue, parts);
  const budget = new EditBudget();
  for (const routed of routedSends) {
    if (routed.edits.length === 0) continue;
    const stored = { envelope: routed.command.encodeEnvelope(routed.reason), edits: undefined };
    const groups = groupsOfRules(routed.edits);
    const { write, refused } = planGroups(stored, groups, context, budget);
    for (const { source, detail } of refused) {
      parts.refusedEdits.report(queue, "", source, detail);
    }
    if (write !== undefined) writes.set(routed, write);
    await nextTurn();
  }
  return writes;
}
