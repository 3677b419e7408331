import type { Transform } from "../core/transform/transform.ts";
import type { RuleAction } from "./rule.ts";

/** What all matching rules say together, and who said it: names stand in notes and the journal. */
export interface MergedAction {
  action: RuleAction;
  saidBy: Partial<Record<keyof RuleAction, string>>;
  /** The transforms of each rule that has some, in order: all of them are in `action`, too. */
  edits: readonly { rule: string; transforms: readonly Transform[] }[];
}

const PARTS = [
  "queue",
  "retryPolicy",
  "priority",
  "quarantine",
  "drop",
] as const satisfies readonly (keyof RuleAction)[];

const NOTHING_MERGED: MergedAction = Object.freeze({ action: {}, saidBy: {}, edits: [] });

/**
 * What was said first holds; transforms add up. Quarantine and drop decide the same thing, so that the first of them
 * keeps out the other; a drop leaves nothing else to say.
 */
export function mergeActions(
  matched: readonly { name: string; action: RuleAction }[],
): MergedAction {
  if (matched.length === 0) return NOTHING_MERGED;
  const merged = { action: {} as RuleAction, saidBy: {} as MergedAction["saidBy"] };
  const edits: { rule: string; transforms: readonly Transform[] }[] = [];
  for (const { name, action } of matched) {
    if (action.drop && !merged.action.quarantine) {
      return { action: { drop: true }, saidBy: { drop: name }, edits: [] };
    }
    if (action.transforms?.length) edits.push({ rule: name, transforms: action.transforms });
    for (const part of PARTS) {
      if (part !== "drop" && isSaid(action, part) && !isSaid(merged.action, part)) {
        Object.assign(merged.action, { [part]: action[part] });
        merged.saidBy[part] = name;
      }
    }
  }
  if (edits.length === 0) return { ...merged, edits };
  merged.action.transforms = edits.flatMap(({ transforms }) => transforms);
  return { ...merged, edits };
}

/** The parts of an action that say something. */
export function partsSaid(action: RuleAction): (keyof RuleAction)[] {
  const said: (keyof RuleAction)[] = PARTS.filter((part) => isSaid(action, part));
  return action.transforms?.length ? [...said, "transforms"] : said;
}

function isSaid(action: RuleAction, part: keyof RuleAction): boolean {
  const value = action[part];
  return value !== undefined && value !== false && value !== "";
}
