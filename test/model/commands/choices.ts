import fc from "fast-check";
import type { Token } from "../life/message.ts";
import type { Play } from "./play.ts";

/** `earlier`: one that was used before, for another call. */
export type RequestKind = "none" | "fresh" | "earlier";
export const requestKind = () =>
  fc.constantFrom<RequestKind>("none", "fresh", "fresh", "fresh", "earlier");

/** Which token: mostly one that counts, sometimes any earlier one. */
export const tokenChoice = () =>
  fc.record({ counting: fc.constantFrom(true, true, true, false), back: fc.nat(5) });

export function chosenToken(
  play: Play,
  { counting, back }: { counting: boolean; back: number },
): Token | undefined {
  return recent(counting ? play.counting() : play.tokens, back);
}

/** One of a list, counted from its end: what is recent is touched most. */
export function recent<T>(list: readonly T[], back: number): T | undefined {
  return list[list.length - 1 - (back % Math.max(1, list.length))];
}

/** What rules draw by chance. */
export const chance = () => fc.constantFrom(0, 0.25, 0.5, 0.999);
export const loss = () => fc.constantFrom(undefined, undefined, undefined, "request", "reply");
