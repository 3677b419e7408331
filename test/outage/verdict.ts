// What became of each send, and whether that is what the clients promise.

import type { Entry, Ledger } from "./ledger.ts";

/** The Stats of a queue at the end. */
export interface StoredCounts {
  readonly accepted: number;
  readonly succeeded: number;
  /** Messages in any state. */
  readonly left: number;
}

export interface Verdict {
  readonly sends: number;
  /** Sends by the status of their result. */
  readonly sent: number;
  readonly joined: number;
  readonly spooled: number;
  readonly dropped: number;
  /** Sends without a result, because their process was killed. */
  readonly unanswered: number;
  /** Those of them that are stored. */
  readonly unansweredStored: number;
  /** Messages that were processed. */
  readonly processed: number;
  /** Deliveries after a delivery without an outcome. */
  readonly redelivered: number;
  /** Empty if the promises hold. */
  readonly faults: readonly string[];
}

export interface Evidence {
  readonly ledger: Ledger;
  readonly stored: StoredCounts;
  /** Names of the processes that were killed. */
  readonly killed: readonly string[];
}

const MOST_NAMED = 5;

export function judge({ ledger, stored, killed }: Evidence): Verdict {
  const entries = [...ledger.entries.values()];
  const isKept = ({ results }: Entry) => results.some(({ status }) => status !== "dropped");
  const wasKilled = ({ name }: Entry) => killed.some((process) => name.startsWith(`${process}-`));
  const isUnanswered = (entry: Entry) => entry.results.length === 0 && entry.sending !== undefined;
  const count = (is: (entry: Entry) => boolean) => entries.filter(is).length;
  const withStatus = (wanted: string) =>
    count(({ results }) => results.some(({ status }) => status === wanted));
  const isProcessed = ({ handled }: Entry) => handled.length > 0;
  const unansweredStored = count((entry) => isUnanswered(entry) && isProcessed(entry));
  const expected = count(isKept) + unansweredStored;

  const faults = [
    ["dropped", ({ results }) => results.some(({ status }) => status === "dropped")],
    ["kept in memory only", ({ results }) => results.some(({ durable }) => durable === false)],
    ["without a result", (entry) => isUnanswered(entry) && !wasKilled(entry)],
    ["with two results", ({ results }) => results.length > 1],
    ["kept and never processed", (entry) => isKept(entry) && !isProcessed(entry)],
    ["processed as several messages", (entry) => idsOf(entry).size > 1],
    ["processed twice without a lost outcome", (entry) => certain(entry) > 1],
    ["processed and never sent", (entry) => isProcessed(entry) && entry.sending === undefined],
  ] satisfies [string, (entry: Entry) => boolean][];
  const texts = faults.flatMap(([what, is]) => {
    const found = entries.filter(is).map(({ name }) => name);
    if (found.length === 0) return [];
    const more = found.length > MOST_NAMED ? ", …" : "";
    return [`${found.length} ${what}: ${found.slice(0, MOST_NAMED).join(", ")}${more}`];
  });
  if (stored.accepted !== expected) {
    texts.push(`the service has accepted ${stored.accepted} messages instead of ${expected}`);
  }
  if (stored.succeeded !== stored.accepted || stored.left !== 0) {
    texts.push(
      `of ${stored.accepted}, ${stored.succeeded} have succeeded, ${stored.left} are left`,
    );
  }
  return {
    sends: count(({ sending }) => sending !== undefined),
    sent: withStatus("sent"),
    joined: withStatus("joined"),
    spooled: withStatus("spooled"),
    dropped: withStatus("dropped"),
    unanswered: count(isUnanswered),
    unansweredStored,
    processed: count(isProcessed),
    redelivered: entries.reduce((sum, entry) => sum + entry.handled.length - certain(entry), 0),
    faults: texts,
  };
}

const idsOf = ({ handled }: Entry) => new Set(handled.map(({ id }) => id));
const certain = ({ handled }: Entry) =>
  handled.filter(({ outcomeUnknown }) => !outcomeUnknown).length;
