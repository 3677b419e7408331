import type { Transform } from "../core/transform/transform.ts";
import type { RuleAction } from "./rule.ts";

/**
 * The merged action of all matching rules. `decidedBy` names the rule of each part, for notes and
 * the outbox.
 */
export interface MergedAction {
  action: RuleAction;
  decidedBy: Partial<Record<keyof RuleAction, string>>;
  /** The transforms of each rule, in order. `action` has all of them. */
  edits: readonly { rule: string; transforms: readonly Transform[] }[];
}

/** In order of evaluation, without transforms. */
const PARTS = [
  "queue",
  "retryPolicy",
  "priority",
  "quarantine",
  "drop",
] as const satisfies readonly (keyof RuleAction)[];

const NOTHING_MERGED: MergedAction = Object.freeze({ action: {}, decidedBy: {}, edits: [] });

/**
 * The first rule that sets a part wins; transforms add up. Quarantine and drop exclude each other:
 * the first wins. A drop overrides everything else.
 */
export function mergeActions(
  matched: readonly { name: string; action: RuleAction }[],
): MergedAction {
  if (matched.length === 0) return NOTHING_MERGED;
  const merged = { action: {} as RuleAction, decidedBy: {} as MergedAction["decidedBy"] };
  const edits: { rule: string; transforms: readonly Transform[] }[] = [];
  for (const { name, action } of matched) {
    if (action.drop && !merged.action.quarantine) {
      return { action: { drop: true }, decidedBy: { drop: name }, edits: [] };
    }
    if (action.transforms?.length) edits.push({ rule: name, transforms: action.transforms });
    for (const part of PARTS) {
      if (part !== "drop" && isSet(action, part) && !isSet(merged.action, part)) {
        Object.assign(merged.action, { [part]: action[part] });
        merged.decidedBy[part] = name;
      }
    }
  }
  if (edits.length === 0) return { ...merged, edits };
  merged.action.transforms = edits.flatMap(({ transforms }) => transforms);
  return { ...merged, edits };
}

/** Returns the parts that an action sets. */
export function partsSet(action: RuleAction): (keyof RuleAction)[] {
  const parts: (keyof RuleAction)[] = PARTS.filter((part) => isSet(action, part));
  return action.transforms?.length ? [...parts, "transforms"] : parts;
}

function isSet(action: RuleAction, part: keyof RuleAction): boolean {
  const value = action[part];
  return value !== undefined && value !== false && value !== "";
}

/** How often rules may move a message. */
export const MAX_HOPS = 8;

/** The result of the move that an action asks for. */
export type Move =
  | { kind: "none" }
  /** `hops`: the message's new number of moves. */
  | { kind: "move"; queue: string; hops: number }
  /** Ignored: rules move the message in a circle. */
  | { kind: "circle"; queue: string };

/**
 * Rules may move failures from A to B and from B to A. After MAX_HOPS moves a message stays in its
 * queue under the settings of that queue; the rest of the action applies. On arrival the rules are
 * evaluated only once, not again for the new queue.
 */
export function moveOf(action: RuleAction, queue: string, hops: number): Move {
  if (action.drop || !action.queue || action.queue === queue) return { kind: "none" };
  if (hops >= MAX_HOPS) return { kind: "circle", queue: action.queue };
  return { kind: "move", queue: action.queue, hops: hops + 1 };
}
