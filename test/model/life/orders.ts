import type { Life } from "./life.ts";
import type { Message } from "./message.ts";

/** Of an ordering key. */
export interface Turn {
  readonly id: string;
  /** When it no longer waits behind its quarantined message; undefined: it does not wait. */
  readonly holdEndsAtMs: number | undefined;
}

/** Has a place in the order of its key: is live, or in quarantine and holds it. */
function isMember(message: Message): boolean {
  return message.state !== "QUARANTINED" || message.holds;
}

/** Whose turn it is: what is in flight is let be, else the one that came first. */
function turnOf(life: Life, order: string): Message | undefined {
  const members = [...life.messages.values()].filter(
    (message) => message.order === order && isMember(message),
  );
  return members.find(({ state }) => state === "IN_FLIGHT") ?? members[0];
}

export function hasTurn(life: Life, { id, order }: Message): boolean {
  return order === "" || life.turns.get(order)?.id === id;
}

/** A message of this key has changed, or is gone. */
export function passTurn(life: Life, order: string): void {
  if (order === "") return;
  const turn = turnOf(life, order);
  if (turn === undefined) {
    life.turns.delete(order);
    return;
  }
  const before = life.turns.get(order);
  const { id, state } = turn;
  if (state !== "QUARANTINED") life.turns.set(order, { id, holdEndsAtMs: undefined });
  else if (before?.id !== id || before.holdEndsAtMs === undefined) {
    life.turns.set(order, { id, holdEndsAtMs: endOfNewHold(life) });
  }
}

/** The end of a hold that begins now: at once if the queue has no holds any more. */
function endOfNewHold({ limiters, nowMs }: Life): number {
  if (limiters.ordering !== "hold") return nowMs;
  return limiters.holdMs > 0 ? nowMs + limiters.holdMs : Number.POSITIVE_INFINITY;
}

/** Keys that wait no longer: for long enough, or because their queue no longer asks for it. */
export function endHolds(life: Life): void {
  for (const [order, { holdEndsAtMs }] of [...life.turns]) {
    if (holdEndsAtMs === undefined) continue;
    if (life.limiters.ordering !== "hold" || holdEndsAtMs <= life.nowMs) letGo(life, order);
  }
}

/** The message that the key waited behind; undefined: it did not wait. */
export function letGo(life: Life, order: string): string | undefined {
  const turn = life.turns.get(order);
  const message = turn?.holdEndsAtMs === undefined ? undefined : life.messages.get(turn.id);
  if (message === undefined) return undefined;
  message.holds = false;
  passTurn(life, order);
  return message.id;
}
