// How messages ended, by the history of a worker.

import type { Delivered, HistoryEvent, OutcomeKind, Plan } from "../history/event.ts";

/** The events of one kind. */
export function of<E extends HistoryEvent["e"]>(events: readonly HistoryEvent[], e: E) {
  return events.filter((event): event is Extract<HistoryEvent, { e: E }> => event.e === e);
}

/** Plan -> the last outcome of a message, with the state after it. */
export const END: Readonly<Record<Plan, string | undefined>> = {
  ok: "succeeded",
  fail1: "succeeded",
  fail2: "succeeded",
  exhaust: "failed, QUARANTINED",
  bad: "failed for good, QUARANTINED",
  discard: "discarded",
  quarantine: "quarantined, QUARANTINED",
  release: "succeeded",
  slow: "succeeded",
  silent: "succeeded",
  crash: undefined,
  job: "succeeded",
  baseline: undefined,
};

/**
 * Source -> how it may have ended: the applied and unanswered outcomes of its latest delivery, with the state after them.
 */
export function endsOf(events: readonly HistoryEvent[]): Map<string, Set<string>> {
  const latest = new Map<string, Delivered>();
  const sources = new Map<string, string>();
  for (const delivered of of(events, "delivered")) {
    const { source, token, number } = delivered;
    sources.set(token, source);
    if (number >= (latest.get(source)?.number ?? 0)) latest.set(source, delivered);
  }
  const answers = new Map(of(events, "acked").map(({ request, results }) => [request, results]));
  const ends = new Map<string, Set<string>>();
  for (const { request, outcomes } of of(events, "acking")) {
    for (const [index, { token, outcome, nonRetryable }] of outcomes.entries()) {
      const source = sources.get(token) ?? "";
      if (latest.get(source)?.token !== token) continue;
      const how = nonRetryable === true ? `${outcome} for good` : outcome;
      const answer = answers.get(request)?.[index];
      if (answer !== undefined && answer.status !== "APPLIED") continue;
      const left = answer === undefined ? STATE_AFTER[outcome] : answer.state;
      const end = left === undefined ? how : `${how}, ${left}`;
      ends.set(source, (ends.get(source) ?? new Set()).add(end));
    }
  }
  return ends;
}

/** The state after an unanswered outcome that ends a message. */
const STATE_AFTER: Readonly<Partial<Record<OutcomeKind, string>>> = {
  failed: "QUARANTINED",
  quarantined: "QUARANTINED",
};
