// Single changes of the results of routing rules and edits.

import { DIVERTED_QUEUE, routeOf } from "../history/routes.ts";
import { comesAgain } from "./simulation/again.ts";
import { change, type Named, type Of, repeatedAs } from "./simulation/mutate.ts";

const elsewhere = (queue: string) => (queue === DIVERTED_QUEUE ? "orders" : DIVERTED_QUEUE);
const isEdited = ({ sum }: Of<"delivered">) => sum.startsWith("edited ");

export const ROUTE_MUTATIONS: Readonly<Record<string, Named>> = {
  "delivered in another queue": [
    change("delivered", ({ queue }) => ({ queue: elsewhere(queue) })),
    "in-place",
  ],
  "moved without a rule": [
    change("kept", ({ queue }) => ({ queue: elsewhere(queue) })),
    "in-place",
  ],
  "moved, but also stored in its old queue": [
    repeatedAs("kept", ({ queue }) => ({ queue: elsewhere(queue) })),
    "kept-once",
  ],
  "a copy in another queue during its lease": [
    comesAgain("nothing", "same", DIVERTED_QUEUE),
    "duplicate-explained",
  ],
  "dropped, but stored": [
    change(
      "sent",
      () => ({ id: "01900000-0000-7000-8000-000000000000", state: "SCHEDULED" }),
      ({ state }) => state === "DISCARDED",
    ),
    "dropped",
  ],
  "dropped without a rule": [
    change(
      "sent",
      () => ({ id: "", state: "DISCARDED" }),
      ({ state }) => state === "SCHEDULED",
    ),
    "dropped",
  ],
  "a rule's quarantine that is none": [
    change(
      "kept",
      () => ({ quarantineReason: "NON_RETRYABLE" }),
      ({ quarantineReason }) => quarantineReason === "RULE",
    ),
    "quarantine-earned",
  ],
  "edited, then delivered as sent": [
    change("delivered", ({ source }) => ({ sum: `sum of ${source}` }), isEdited),
    "edited-whole",
  ],
  "edited before it failed": [
    change(
      "delivered",
      ({ source }) => ({ sum: `edited ${source}` }),
      (line) => !isEdited(line) && line.attempt === 1,
    ),
    "edited-whole",
  ],
  "edited in part": [
    change("delivered", ({ source }) => ({ sum: `half ${source}` }), isEdited),
    "unchanged",
  ],
  "moved, with attempts counted anew": [
    change(
      "delivered",
      () => ({ attempt: 1 }),
      ({ attempt, source, queue }) =>
        attempt > 1 && routeOf(source, "orders") === "moved" && queue === DIVERTED_QUEUE,
    ),
    "attempts",
  ],
};
