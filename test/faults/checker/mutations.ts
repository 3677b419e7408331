// Single changes of a legal history, each like a bug of the service, an actor or the snapshot.

import type { Kept } from "../history/event.ts";
import { COUNTER_MUTATIONS } from "./counter-mutations.ts";
import { JOB_MUTATIONS } from "./job-mutations.ts";
import { ROUTE_MUTATIONS } from "./route-mutations.ts";
import { comesAgain } from "./simulation/again.ts";
import { change, drop, type Named, type Of, repeat, swap } from "./simulation/mutate.ts";
import { cameLater, notHeld, outcomeLater } from "./simulation/ordered.ts";

type Acked = Of<"acked">;
const answers = (status: string) => (line: Acked) => line.results[0]?.status === status;
const answerWith = (over: Partial<Acked["results"][number]>) => (line: Acked) => ({
  results: line.results.map((result) => ({ ...result, ...over })),
});
const isDueAgain = (line: Acked) => line.results[0]?.dueAt !== undefined;
/** Due again before the answer came. */
const isExempt = (line: Acked) => {
  const [one] = line.results;
  return one?.state === "SCHEDULED" && (one.dueAt ?? Number.POSITIVE_INFINITY) <= line.at;
};
const isBaseline = ({ plan }: { plan: string }) => plan === "baseline";
const quarantined = ({ state }: Kept) => state === "QUARANTINED";
/** Name -> the change, and the rules of which one must find it. */
export const MUTATIONS: Readonly<Record<string, Named>> = {
  "drop started": [drop("started"), "history-whole"],
  "drop sending": [drop("sending"), "history-whole", "nothing-invented"],
  "drop opened": [drop("opened"), "history-whole"],
  "drop delivered": [drop("delivered"), "history-whole", "token-issued", "claims-lost"],
  "drop acking": [drop("acking"), "history-whole"],
  "drop extending": [drop("extending"), "history-whole"],
  "drop kept": [drop("kept"), "not-lost"],
  "drop counted": [drop("counted"), "counters-agree"],
  "repeat started": [repeat("started"), "history-whole"],
  "repeat opened": [repeat("opened"), "history-whole"],
  "repeat delivered": [repeat("delivered"), "token-once"],
  "repeat ended": [repeat("ended"), "history-whole"],
  "repeat kept": [repeat("kept"), "kept-once"],
  "repeat counted": [repeat("counted"), "counters-agree"],
  "another source": [
    change("sending", () => ({ source: "another" })),
    "one-source",
    "history-whole",
    "job-selected",
  ],
  "another sum sent": [
    change(
      "sending",
      () => ({ sum: "another" }),
      (line) => !isBaseline(line) && line.plan !== "job",
    ),
    "unchanged",
  ],
  "another queue": [
    change(
      "sending",
      () => ({ queue: "another" }),
      (line) => !isBaseline(line),
    ),
    "in-place",
    "counters-agree",
  ],
  "another id sent": [
    change("sent", () => ({ id: "01900000-0000-7000-8000-000000000000" })),
    "one-id",
  ],
  "quarantined at once": [change("sent", () => ({ state: "QUARANTINED" })), "quarantine-earned"],
  "another id delivered": [
    change("delivered", () => ({
      id: "01900000-0000-7000-8000-000000000000",
    })),
    "one-id",
  ],
  "another sum delivered": [change("delivered", () => ({ sum: "another" })), "unchanged"],
  "another plan delivered": [change("delivered", () => ({ plan: "baseline" })), "unchanged"],
  "another token": [
    change("delivered", () => ({ token: "another" })),
    "token-issued",
    "history-whole",
  ],
  "delivery number + 1": [
    change("delivered", (line) => ({ number: line.number + 1 })),
    "number-once",
    "numbers-grow",
    "claims-lost",
    "counters-agree",
  ],
  "delivery number - 1": [
    change("delivered", (line) => ({ number: line.number - 1 })),
    "number-once",
    "numbers-grow",
    "counters-agree",
  ],
  "attempt + 1": [change("delivered", (line) => ({ attempt: line.attempt + 1 })), "attempts"],
  "attempt - 1": [change("delivered", (line) => ({ attempt: line.attempt - 1 })), "attempts"],
  "outcome_unknown turned": [
    change("delivered", (line) => ({ unknown: !line.unknown })),
    "outcome-unknown-set",
    "outcome-unknown-clear",
  ],
  "issued 5 s early": [
    change("delivered", (line) => ({ expires: line.expires - 5_000 })),
    "numbers-grow",
    "not-early",
  ],
  "issued 5 s late": [
    change("delivered", (line) => ({ expires: line.expires + 5_000 })),
    "history-whole",
  ],
  "another outcome": [
    change("acking", ({ outcomes }, random) => {
      const kinds = ["succeeded", "failed", "released", "quarantined", "discarded"] as const;
      const others = kinds.filter((kind) => kind !== outcomes[0]?.outcome);
      return { outcomes: outcomes.map((said) => ({ ...said, outcome: random.pick(others) })) };
    }),
    "answer-fits",
    "counters-agree",
    "history-whole",
    "attempts",
  ],
  "an outcome of another token": [
    change("acking", ({ outcomes }) => ({
      outcomes: outcomes.map((said) => ({ ...said, token: "another" })),
    })),
    "token-issued",
    "history-whole",
  ],
  "APPLIED becomes LEASE_LOST": [
    change("acked", answerWith({ status: "LEASE_LOST" }), answers("APPLIED")),
    "outcome-taken",
    "not-lost",
    "duplicate-explained",
    "outcome-unknown-set",
    "counters-agree",
  ],
  "APPLIED becomes NOT_FOUND": [
    change("acked", answerWith({ status: "NOT_FOUND" }), answers("APPLIED")),
    "stays-ended",
    "not-lost",
    "counters-agree",
  ],
  "LEASE_LOST becomes APPLIED": [
    change("acked", answerWith({ status: "APPLIED" }), answers("LEASE_LOST")),
    "applied-once",
  ],
  "NOT_FOUND becomes APPLIED": [
    change("acked", answerWith({ status: "APPLIED" }), answers("NOT_FOUND")),
    "applied-once",
  ],
  "another state": [
    change("acked", answerWith({ state: "IN_FLIGHT" }), answers("APPLIED")),
    "answer-fits",
  ],
  "due again an hour later": [
    change("acked", answerWith({ dueAt: 9e12 }), isDueAgain),
    "not-early",
  ],
  "a message stored as scheduled": [
    change("kept", () => ({ state: "SCHEDULED" }), quarantined),
    "finished",
    "stays-ended",
  ],
  "a message stored as in flight": [
    change("kept", () => ({ state: "IN_FLIGHT" })),
    "finished",
    "baseline-untouched",
  ],
  "another quarantine reason": [
    change(
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
    "quarantine-earned",
  ],
  "attempts kept + 1": [
    change("kept", (line) => ({ attempts: line.attempts + 1 }), quarantined),
    "attempts",
  ],
  "deliveries kept + 1": [
    change("kept", (line) => ({ number: line.number + 1 })),
    "counters-agree",
  ],
  "deliveries kept - 1": [
    change("kept", (line) => ({ number: line.number - 1 }), quarantined),
    "numbers-grow",
  ],
  "ids sent swapped": [swap("sent", "id"), "one-source"],
  "requests sent swapped": [swap("sent", "request"), "one-source", "one-id", "history-whole"],
  "ids delivered swapped": [swap("delivered", "id"), "one-source"],
  "sources delivered swapped": [swap("delivered", "source"), "one-source"],
  "tokens delivered swapped": [
    swap("delivered", "token"),
    "history-whole",
    "one-live-token",
    "stays-ended",
    "attempts",
    "outcome-unknown-clear",
  ],
  "stored ids swapped": [swap("kept", "id"), "one-source"],
  "stored sources swapped": [swap("kept", "source"), "one-source"],
  "stored queues swapped": [swap("kept", "queue"), "in-place"],
  "delivery number + 40": [
    change("delivered", (line) => ({ number: line.number + 40 })),
    "claims-lost",
  ],
  "delivered again after an unanswered success": [
    comesAgain("no answer", "same"),
    "duplicate-explained",
  ],
  "delivered again during its lease": [comesAgain("nothing", "same"), "duplicate-explained"],
  "delivered again because its stream closed": [
    comesAgain("nothing", "next"),
    "duplicate-explained",
  ],
  "delivered before an earlier one of its key": [cameLater, "in-order"],
  "an outcome after the next delivery of its key": [outcomeLater, "one-of-a-key"],
  "quarantined, but its key continues": [notHeld, "order-held"],
  "an exempt failure that was counted": [
    change(
      "acked",
      ({ results }) => ({
        results: results.map((one) => ({ ...one, dueAt: (one.dueAt ?? 0) + 200 })),
      }),
      isExempt,
    ),
    "exempt-not-counted",
  ],
  "a breaker open at the end": [change("counted", () => ({ openBreakers: 1 })), "breakers-close"],
  ...ROUTE_MUTATIONS,
  ...COUNTER_MUTATIONS,
  ...JOB_MUTATIONS,
};
