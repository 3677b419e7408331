import { firstQueue, queueAfterFailure } from "../../history/routes.ts";
import { NEVER } from "../clock.ts";
import type { Delivery } from "../delivery.ts";
import { failureCounted } from "../exempt.ts";
import type { Findings } from "../findings.ts";
import type { Message, Source } from "../ledger.ts";
import { mayHaveFailed } from "./attempts.ts";

/**
 * A message is delivered, and kept, in the queue that it was sent to, or where the rules have sent it: when
 * it arrived, or by a failure that was counted.
 */
export function checkPlaces(message: Message, findings: Findings): void {
  const { source, deliveries, kept } = message;
  if (!source.isKnown) return;
  let places: readonly string[] = [firstQueue(source.route, source.queue)];
  let [from, to] = [NEVER, -NEVER];
  const compare = (queue: string, what: string): void => {
    if (places.includes(queue)) return;
    const words = `${message}: ${what} in queue ${queue}, not in ${places.join(" or ")}`;
    findings.brokenUnlessForgotten("in-place", words, from, to);
  };
  for (const [index, one] of deliveries.entries()) {
    compare(one.queue, `delivery ${one.number} came`);
    places = placesAfter(source, one, deliveries[index + 1]);
    if (one.applied !== undefined) ({ from, to } = one.applied);
  }
  if (kept !== undefined) compare(kept.queue, "it is kept");
}

function placesAfter(source: Source, one: Delivery, next: Delivery | undefined): string[] {
  const after = queueAfterFailure(source.route, one.queue);
  const counted = failureCounted(one) ?? (mayHaveFailed(one, next) ? "perhaps" : "no");
  if (counted === "yes") return [after];
  return counted === "no" ? [one.queue] : [one.queue, after];
}

/** Of two places of a message, one after the other: it has moved. */
export interface Move {
  readonly from: string;
  readonly to: string;
  /** Whether a store that was rolled back may know nothing of it. */
  readonly mayBeForgotten: boolean;
}

/** Deliveries but for those that the store no longer knows of: it keeps a lower number. */
export function remembered({ deliveries, kept }: Message): readonly Delivery[] {
  if (kept === undefined || (deliveries.at(-1)?.number ?? 0) <= kept.number) return deliveries;
  return deliveries.filter(({ number }) => number <= kept.number);
}

/** By where it was found. */
export function movesOf(message: Message, findings: Findings): Move[] {
  const { kept } = message;
  const deliveries = remembered(message);
  const moves: Move[] = [];
  let from = firstPlace(message);
  for (const [index, { queue, issuedAt }] of deliveries.entries()) {
    const before = deliveries[index - 1]?.issuedAt ?? issuedAt;
    const mayBeForgotten = findings.mayHaveForgotten(before, issuedAt);
    if (queue !== from) moves.push({ from, to: queue, mayBeForgotten });
    from = queue;
  }
  if (kept !== undefined && kept.queue !== from) {
    moves.push({ from, to: kept.queue, mayBeForgotten: false });
  }
  return moves;
}

/** Where it was stored first: of what nobody sent, where it was found. */
export function firstPlace({ source, deliveries, kept }: Message): string {
  if (source.isKnown) return firstQueue(source.route, source.queue);
  return deliveries[0]?.queue ?? kept?.queue ?? source.queue;
}

/** Where it was when claims were made after this number: since then nobody had it who could fail. */
export function placeAfter(message: Message, number: number): string {
  const { deliveries, kept } = message;
  const next = deliveries.find((one) => one.number > number);
  return next?.queue ?? kept?.queue ?? deliveries.at(-1)?.queue ?? firstPlace(message);
}
