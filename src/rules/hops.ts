import type { RuleAction } from "./rule.ts";

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
