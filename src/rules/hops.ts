import type { RuleAction } from "./rule.ts";

/** Moves by rules that a message may make in its life. */
export const MAX_HOPS = 8;

/** What becomes of the move that an action asks for. */
export type Move =
  | { kind: "none" }
  /** `hops`: the message's from now on. */
  | { kind: "move"; queue: string; hops: number }
  /** Ignored and counted: rules send the message round in a circle. */
  | { kind: "circle"; queue: string };

/**
 * Rules may send A's failures to B and B's to A. A message carries how often rules have moved it;
 * once that is MAX_HOPS it stays where it is, under the verdict of that queue, so that it ends as
 * every other message does. The rest of the action holds. On arrival the rules are tried once: those
 * of the destination's arrivals are the same rules, and are not tried again.
 */
export function moveOf(action: RuleAction, queue: string, hops: number): Move {
  if (action.drop || !action.queue || action.queue === queue) return { kind: "none" };
  if (hops >= MAX_HOPS) return { kind: "circle", queue: action.queue };
  return { kind: "move", queue: action.queue, hops: hops + 1 };
}
