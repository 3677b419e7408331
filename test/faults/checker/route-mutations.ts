// Single changes of what rules and edits have made of messages.

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
  "moved by no rule": [change("kept", ({ queue }) => ({ queue: elsewhere(queue) })), "in-place"],
  "moved, and kept where it was as well": [
    repeatedAs("kept", ({ queue }) => ({ queue: elsewhere(queue) })),
    "kept-once",
  ],
  "a copy in another queue while its lease runs": [
    comesAgain("nothing", "same", DIVERTED_QUEUE),
    "duplicate-explained",
  ],
  "dropped, and stored all the same": [
    change(
      "sent",
      () => ({ id: "01900000-0000-7000-8000-000000000000", state: "SCHEDULED" }),
      ({ state }) => state === "DISCARDED",
    ),
    "dropped",
  ],
  "dropped by no rule": [
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
  "edited, and as it was sent again": [
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
  "edited by half": [
    change("delivered", ({ source }) => ({ sum: `half ${source}` }), isEdited),
    "unchanged",
  ],
  "moved, and its attempts anew": [
    change(
      "delivered",
      () => ({ attempt: 1 }),
      ({ attempt, source, queue }) =>
        attempt > 1 && routeOf(source, "orders") === "moved" && queue === DIVERTED_QUEUE,
    ),
    "attempts",
  ],
};
