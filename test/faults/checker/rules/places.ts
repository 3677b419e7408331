import { firstQueue, queueAfterFailure } from "../../history/routes.ts";
import { NEVER } from "../clock.ts";
import type { Delivery } from "../delivery.ts";
import { failureCounted } from "../exempt.ts";
import type { Findings } from "../findings.ts";
import type { Message, Source } from "../ledger.ts";
import { mayHaveFailed } from "./attempts.ts";
import { lastAct } from "./jobs.ts";

/**
 * A message is delivered and stored in the queue of its send, or where routing rules moved it, on arrival or after a counted
 * failure, or a batch job.
 */
export function checkPlaces(message: Message, findings: Findings): void {
  const { source, deliveries, kept } = message;
  if (!source.isKnown) return;
  let places: readonly string[] = [firstQueue(source.route, source.queue)];
  let [from, to] = [NEVER, -NEVER];
  let before: Delivery | undefined;
  const compare = (queue: string, what: string, one?: Delivery): void => {
    if (places.includes(queue)) return;
    const words = `${message}: ${what} in queue ${queue}, not in ${places.join(" or ")}`;
    // A rollback may have undone the outcome that moved it, or a claim after that.
    const claims = [before, one].flatMap((claim) => claim?.issuedAt ?? []);
    const isForgotten = claims.some((at) => findings.mayHaveForgotten(at, at));
    findings.brokenUnless(isForgotten || findings.mayHaveForgotten(from, to), "in-place", words);
  };
  const follow = (untilMs: number): void => {
    const moved = lastAct(message, ["move"], untilMs);
    if (moved !== undefined) places = [moved.to];
  };
  for (const [index, one] of deliveries.entries()) {
    follow(one.issuedAt);
    compare(one.queue, `delivery ${one.number} came`, one);
    before = one;
    places = placesAfter(source, one, deliveries[index + 1]);
    if (one.applied !== undefined) ({ from, to } = one.applied);
  }
  follow(NEVER);
  if (kept !== undefined) compare(kept.queue, "it is stored");
}

function placesAfter(source: Source, one: Delivery, next: Delivery | undefined): string[] {
  const after = queueAfterFailure(source.route, one.queue);
  const counted = failureCounted(one) ?? (mayHaveFailed(one, next) ? "perhaps" : "no");
  if (counted === "yes") return [after];
  return counted === "no" ? [one.queue] : [one.queue, after];
}

/** A move between two consecutive queues of a message. */
export interface Move {
  readonly from: string;
  readonly to: string;
  /** Whether a rollback may have undone it. */
  readonly mayBeForgotten: boolean;
}

/** The deliveries without those that a rollback undid: their numbers are above the stored one. */
export function remembered({ deliveries, kept }: Message): readonly Delivery[] {
  if (kept === undefined || (deliveries.at(-1)?.number ?? 0) <= kept.number) return deliveries;
  return deliveries.filter(({ number }) => number <= kept.number);
}

/** Returns the moves that follow from the queues of its deliveries and its place in the store. */
export function movesOf(message: Message, findings: Findings): Move[] {
  const { kept, acts } = message;
  if (acts.length > 0) return movesByJobs(message);
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

/** No rule moves such messages. What is in the outbox at the end was not undone. */
function movesByJobs({ acts }: Message): Move[] {
  return acts
    .filter(({ action, queue, to }) => action === "move" && to !== queue)
    .map(({ queue, to }) => ({ from: queue, to, mayBeForgotten: false }));
}

/** The first queue. If its send is unknown, where it was first seen. */
export function firstPlace({ source, deliveries, kept }: Message): string {
  if (source.isKnown) return firstQueue(source.route, source.queue);
  return deliveries[0]?.queue ?? kept?.queue ?? source.queue;
}

/** The queue of unreceived claims after this number: no failure could move it in between, and a batch job only between gaps. */
export function placeAfter(message: Message, number: number): string {
  const { deliveries, kept, acts } = message;
  const next = deliveries.find((one) => one.number > number);
  const act = acts.find((one) => one.number > number);
  if (act !== undefined && act.number < (next?.number ?? NEVER)) return act.queue;
  return next?.queue ?? kept?.queue ?? deliveries.at(-1)?.queue ?? firstPlace(message);
}
