// What became of each send, and whether that is what clients promise.

import type { Entry, Ledger } from "./ledger.ts";

/** What the service says of a queue when all is over. */
export interface StoredCounts {
  readonly accepted: number;
  readonly succeeded: number;
  /** In any state. */
  readonly left: number;
}

export interface Verdict {
  readonly sends: number;
  /** Sends by what the client said of them. */
  readonly sent: number;
  readonly joined: number;
  readonly spooled: number;
  readonly dropped: number;
  /** Of killed processes: nobody was told what became of them. */
  readonly untold: number;
  /** Those of the untold that the service has got. */
  readonly untoldStored: number;
  /** Messages that were processed. */
  readonly processed: number;
  /** Deliveries after one without an outcome. */
  readonly redelivered: number;
  /** In words, at most a few of a kind; empty: all is well. */
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
  const isKept = ({ told }: Entry) => told.some(({ status }) => status !== "dropped");
  const wasKilled = ({ name }: Entry) => killed.some((process) => name.startsWith(`${process}-`));
  const isUntold = (entry: Entry) => entry.told.length === 0 && entry.sending !== undefined;
  const count = (is: (entry: Entry) => boolean) => entries.filter(is).length;
  const withStatus = (wanted: string) =>
    count(({ told }) => told.some(({ status }) => status === wanted));
  const isProcessed = ({ handled }: Entry) => handled.length > 0;
  const untoldStored = count((entry) => isUntold(entry) && isProcessed(entry));
  const expected = count(isKept) + untoldStored;

  const faults = [
    ["dropped", ({ told }) => told.some(({ status }) => status === "dropped")],
    ["kept in memory only", ({ told }) => told.some(({ durable }) => durable === false)],
    ["without a word on what became of them", (entry) => isUntold(entry) && !wasKilled(entry)],
    ["told of twice", ({ told }) => told.length > 1],
    ["kept and never processed", (entry) => isKept(entry) && !isProcessed(entry)],
    ["processed as several messages", (entry) => idsOf(entry).size > 1],
    ["processed twice without a doubt", (entry) => certain(entry) > 1],
    ["processed and never sent", (entry) => isProcessed(entry) && entry.sending === undefined],
  ] satisfies [string, (entry: Entry) => boolean][];
  const words = faults.flatMap(([what, is]) => {
    const found = entries.filter(is).map(({ name }) => name);
    if (found.length === 0) return [];
    const more = found.length > MOST_NAMED ? ", …" : "";
    return [`${found.length} ${what}: ${found.slice(0, MOST_NAMED).join(", ")}${more}`];
  });
  if (stored.accepted !== expected) {
    words.push(`the service has accepted ${stored.accepted} messages instead of ${expected}`);
  }
  if (stored.succeeded !== stored.accepted || stored.left !== 0) {
    words.push(
      `of ${stored.accepted}, ${stored.succeeded} have succeeded, ${stored.left} are left`,
    );
  }
  return {
    sends: count(({ sending }) => sending !== undefined),
    sent: withStatus("sent"),
    joined: withStatus("joined"),
    spooled: withStatus("spooled"),
    dropped: withStatus("dropped"),
    untold: count(isUntold),
    untoldStored,
    processed: count(isProcessed),
    redelivered: entries.reduce((sum, entry) => sum + entry.handled.length - certain(entry), 0),
    faults: words,
  };
}

const idsOf = ({ handled }: Entry) => new Set(handled.map(({ id }) => id));
const certain = ({ handled }: Entry) =>
  handled.filter(({ outcomeUnknown }) => !outcomeUnknown).length;
