import type { RuleAction } from "./rule.ts";

/** What all matching rules say together, and who said it: names stand in notes and the journal. */
export interface MergedAction {
  action: RuleAction;
  saidBy: Partial<Record<keyof RuleAction, string>>;
}

const PARTS = [
  "queue",
  "retryPolicy",
  "priority",
  "quarantine",
  "drop",
  "transform",
] as const satisfies readonly (keyof RuleAction)[];

/**
 * What was said first holds. Quarantine and drop decide the same thing, so that the first of them
 * keeps out the other; a drop leaves nothing else to say.
 */
export function mergeActions(
  matched: readonly { name: string; action: RuleAction }[],
): MergedAction {
  const merged: MergedAction = { action: {}, saidBy: {} };
  for (const { name, action } of matched) {
    if (action.drop && !merged.action.quarantine) {
      return { action: { drop: true }, saidBy: { drop: name } };
    }
    for (const part of PARTS) {
      if (part !== "drop" && isSaid(action, part) && !isSaid(merged.action, part)) {
        Object.assign(merged.action, { [part]: action[part] });
        merged.saidBy[part] = name;
      }
    }
  }
  return merged;
}

/** The parts of an action that say something. */
export function partsSaid(action: RuleAction): (keyof RuleAction)[] {
  return PARTS.filter((part) => isSaid(action, part));
}

function isSaid(action: RuleAction, part: keyof RuleAction): boolean {
  const value = action[part];
  return value !== undefined && value !== false && value !== "";
}
