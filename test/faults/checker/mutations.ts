// Single changes of a legal history, as a fault of the service, of an actor or of the store's
// snapshot would make them.

import type { SeededRandom } from "../../support/random.ts";
import type { Counted, HistoryEvent, Kept, SnapshotLine } from "../history/event.ts";
import type { Run } from "./simulation/record.ts";

type Line = HistoryEvent | SnapshotLine;
type Of<E extends Line["e"]> = Extract<Line, { e: E }>;

/** A run as lines that may be changed, each with whose it is. */
class Lines {
  readonly owners: string[] = [];
  readonly lines: Line[] = [];

  constructor({ events, kept, counted }: Run) {
    for (const [actor, own] of events) this.#add(actor, own);
    this.#add(SNAPSHOT, kept);
    this.#add(SNAPSHOT, counted);
  }

  #add(owner: string, lines: readonly Line[]): void {
    for (const line of lines) {
      this.owners.push(owner);
      this.lines.push(line);
    }
  }

  /** Two places at most, of lines of this kind that `is` holds of. */
  pick<E extends Line["e"]>(
    kind: E,
    random: SeededRandom,
    is: (line: Of<E>) => boolean = () => true,
  ): readonly number[] {
    const places = [...this.lines.keys()].filter((at) => {
      const line = this.lines[at] as Of<E>;
      return line.e === kind && is(line);
    });
    return random.shuffled(places).slice(0, 2);
  }
}

const SNAPSHOT = "snapshot";

export interface MutatedRun {
  readonly events: Map<string, HistoryEvent[]>;
  readonly snapshot: SnapshotLine[];
}

/** Undefined where the run has nothing that could be changed so. */
export type Mutation = (run: Run, random: SeededRandom) => MutatedRun | undefined;

function back(lines: Lines): MutatedRun {
  const events = new Map<string, HistoryEvent[]>();
  const snapshot: SnapshotLine[] = [];
  lines.lines.forEach((line, at) => {
    const owner = lines.owners[at] as string;
    if (owner === SNAPSHOT) snapshot.push(line as SnapshotLine);
    else {
      const own = events.get(owner) ?? [];
      own.push(line as HistoryEvent);
      events.set(owner, own);
    }
  });
  return { events, snapshot };
}

/** Without one line of this kind. */
function drop<E extends Line["e"]>(kind: E, is?: (line: Of<E>) => boolean): Mutation {
  return (run, random) => {
    const lines = new Lines(run);
    const [at] = lines.pick(kind, random, is);
    if (at === undefined) return undefined;
    lines.lines.splice(at, 1);
    lines.owners.splice(at, 1);
    return back(lines);
  };
}

/** With one line twice. */
function repeat<E extends Line["e"]>(kind: E): Mutation {
  return (run, random) => {
    const lines = new Lines(run);
    const [at] = lines.pick(kind, random);
    if (at === undefined) return undefined;
    lines.lines.splice(at, 0, lines.lines[at] as Line);
    lines.owners.splice(at, 0, lines.owners[at] as string);
    return back(lines);
  };
}

function change<E extends Line["e"]>(
  kind: E,
  by: (line: Of<E>, random: SeededRandom) => Partial<Of<E>>,
  is?: (line: Of<E>) => boolean,
): Mutation {
  return (run, random) => {
    const lines = new Lines(run);
    const [at] = lines.pick(kind, random, is);
    if (at === undefined) return undefined;
    const line = lines.lines[at] as Of<E>;
    lines.lines[at] = { ...line, ...by(line, random) };
    return back(lines);
  };
}

/** Two lines of this kind exchange a field. */
function swap<E extends Line["e"]>(kind: E, field: keyof Of<E>): Mutation {
  return (run, random) => {
    const lines = new Lines(run);
    const [first, second] = lines.pick(kind, random);
    if (first === undefined || second === undefined) return undefined;
    const [a, b] = [lines.lines[first] as Of<E>, lines.lines[second] as Of<E>];
    lines.lines[first] = { ...a, [field]: b[field] };
    lines.lines[second] = { ...b, [field]: a[field] };
    return back(lines);
  };
}

type Acked = Of<"acked">;
const answers = (status: string) => (line: Acked) => line.results[0]?.status === status;
const answerWith = (over: Partial<Acked["results"][number]>) => (line: Acked) => ({
  results: line.results.map((result) => ({ ...result, ...over })),
});
const isDueAgain = (line: Acked) => line.results[0]?.dueAt !== undefined;
const isStock = ({ plan }: { plan: string }) => plan === "stock";
const quarantined = ({ state }: Kept) => state === "QUARANTINED";
const countedUp = (name: keyof Counted) =>
  change("counted", (line) => ({ [name]: (line[name] as number) + 1 }));
const countedDown = (name: keyof Counted) =>
  change("counted", (line) => ({ [name]: (line[name] as number) - 1 }));

/** Faults of which most leave a trace. */
export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  "drop started": drop("started"),
  "drop sending": drop("sending"),
  "drop opened": drop("opened"),
  "drop delivered": drop("delivered"),
  "drop acking": drop("acking"),
  "drop extending": drop("extending"),
  "drop kept": drop("kept"),
  "drop counted": drop("counted"),
  "repeat started": repeat("started"),
  "repeat opened": repeat("opened"),
  "repeat delivered": repeat("delivered"),
  "repeat ended": repeat("ended"),
  "repeat kept": repeat("kept"),
  "repeat counted": repeat("counted"),
  "another source": change("sending", () => ({ source: "another" })),
  "another sum sent": change(
    "sending",
    () => ({ sum: "another" }),
    (line) => !isStock(line),
  ),
  "another queue": change("sending", () => ({ queue: "another" })),
  "another id sent": change("sent", () => ({ id: "01900000-0000-7000-8000-000000000000" })),
  "quarantined at once": change("sent", () => ({ state: "QUARANTINED" })),
  "another id delivered": change("delivered", () => ({
    id: "01900000-0000-7000-8000-000000000000",
  })),
  "another sum delivered": change("delivered", () => ({ sum: "another" })),
  "another plan delivered": change("delivered", () => ({ plan: "stock" })),
  "another token": change("delivered", () => ({ token: "another" })),
  "delivery number + 1": change("delivered", (line) => ({ number: line.number + 1 })),
  "delivery number - 1": change("delivered", (line) => ({ number: line.number - 1 })),
  "attempt + 1": change("delivered", (line) => ({ attempt: line.attempt + 1 })),
  "attempt - 1": change("delivered", (line) => ({ attempt: line.attempt - 1 })),
  "outcome_unknown turned": change("delivered", (line) => ({ unknown: !line.unknown })),
  "issued 5 s early": change("delivered", (line) => ({ expires: line.expires - 5_000 })),
  "issued 5 s late": change("delivered", (line) => ({ expires: line.expires + 5_000 })),
  "another outcome": change("acking", ({ outcomes }, random) => {
    const kinds = ["succeeded", "failed", "released", "quarantined", "discarded"] as const;
    const others = kinds.filter((kind) => kind !== outcomes[0]?.outcome);
    return { outcomes: outcomes.map((said) => ({ ...said, outcome: random.pick(others) })) };
  }),
  "an outcome of another token": change("acking", ({ outcomes }) => ({
    outcomes: outcomes.map((said) => ({ ...said, token: "another" })),
  })),
  "APPLIED becomes LEASE_LOST": change(
    "acked",
    answerWith({ status: "LEASE_LOST" }),
    answers("APPLIED"),
  ),
  "APPLIED becomes NOT_FOUND": change(
    "acked",
    answerWith({ status: "NOT_FOUND" }),
    answers("APPLIED"),
  ),
  "LEASE_LOST becomes APPLIED": change(
    "acked",
    answerWith({ status: "APPLIED" }),
    answers("LEASE_LOST"),
  ),
  "NOT_FOUND becomes APPLIED": change(
    "acked",
    answerWith({ status: "APPLIED" }),
    answers("NOT_FOUND"),
  ),
  "another state": change("acked", answerWith({ state: "IN_FLIGHT" }), answers("APPLIED")),
  "due again an hour later": change("acked", answerWith({ dueAt: 9e12 }), isDueAgain),
  "a message kept scheduled": change("kept", () => ({ state: "SCHEDULED" }), quarantined),
  "a message kept in flight": change("kept", () => ({ state: "IN_FLIGHT" })),
  "another reason of quarantine": change(
    "kept",
    ({ quarantineReason }, random) => {
      const reasons = [
        "NON_RETRYABLE",
        "RETRIES_EXHAUSTED",
        "CRASH_LOOP",
        "WORKER_REQUEST",
        "POISON",
      ];
      return { quarantineReason: random.pick(reasons.filter((one) => one !== quarantineReason)) };
    },
    quarantined,
  ),
  "attempts kept + 1": change("kept", (line) => ({ attempts: line.attempts + 1 }), quarantined),
  "deliveries kept + 1": change("kept", (line) => ({ number: line.number + 1 })),
  "deliveries kept - 1": change("kept", (line) => ({ number: line.number - 1 }), quarantined),
  "accepted + 1": countedUp("accepted"),
  "accepted - 1": countedDown("accepted"),
  "succeeded + 1": countedUp("succeeded"),
  "discarded - 1": countedDown("discarded"),
  "deliveries + 1": countedUp("deliveries"),
  "deliveries - 1": countedDown("deliveries"),
  "expired + 1": countedUp("expired"),
  "ids sent swapped": swap("sent", "id"),
  "requests sent swapped": swap("sent", "request"),
  "ids delivered swapped": swap("delivered", "id"),
  "sources delivered swapped": swap("delivered", "source"),
  "tokens delivered swapped": swap("delivered", "token"),
  "ids kept swapped": swap("kept", "id"),
  "sources kept swapped": swap("kept", "source"),
  "queues kept swapped": swap("kept", "queue"),
};

/** Changes after which a history is as legal as before: they must not be found, and why. */
export const STILL_LEGAL: Readonly<Record<string, readonly [Mutation, string]>> = {
  "drop sent": [drop("sent"), "an answer that never came; the message is judged by what it did"],
  "drop unsent": [drop("unsent"), "the same without an error: its producer was killed meanwhile"],
  "drop acked": [drop("acked"), "an answer that never came: the outcome may have been applied"],
  "drop unacked": [drop("unacked"), "the same without an error: its worker was killed meanwhile"],
  "drop closed": [drop("closed"), "a stream may be open until its actor ends"],
  "drop ended": [drop("ended"), "an actor that was killed"],
  "drop extended": [drop("extended"), "an answer that never came: the lease may be longer"],
  "drop unextended": [drop("unextended"), "the same: nothing follows from it"],
  "leaseExpiries + 1": [countedUp("leaseExpiries"), "what nobody received may have expired"],
};
