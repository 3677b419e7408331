import type { Counted } from "../history/event.ts";
import { change, type Named } from "./simulation/mutate.ts";

const countedUp = (name: keyof Counted) =>
  change("counted", (line) => ({ [name]: (line[name] as number) + 1 }));
const countedDown = (name: keyof Counted) =>
  change("counted", (line) => ({ [name]: (line[name] as number) - 1 }));

/** Counts half of the unanswered outcomes, of which any number may have been applied. */
const countedHalf = (name: "failedAttempts" | "released") =>
  change("counted", (line) => ({ [name]: Math.floor(line[name] / 2) }));

/** Changes of counters only. */
export const COUNTER_MUTATIONS: Readonly<Record<string, Named>> = {
  "accepted + 1": [countedUp("accepted"), "counters-agree"],
  "accepted - 1": [countedDown("accepted"), "counters-agree"],
  "succeeded + 1": [countedUp("succeeded"), "counters-agree"],
  "discarded - 1": [countedDown("discarded"), "counters-agree"],
  "purged + 1": [countedUp("purged"), "counters-agree"],
  "purged - 1": [countedDown("purged"), "counters-agree"],
  "undeleted + 1": [countedUp("undeleted"), "counters-agree"],
  "deliveries + 1": [countedUp("deliveries"), "counters-agree"],
  "deliveries - 1": [countedDown("deliveries"), "counters-agree"],
  "movedOut + 1": [countedUp("movedOut"), "counters-agree"],
  "movedIn - 1": [countedDown("movedIn"), "counters-agree"],
  "expired + 1": [countedUp("expired"), "counters-agree"],
  "failedAttempts halved": [countedHalf("failedAttempts"), "counters-agree"],
  "released halved": [countedHalf("released"), "counters-agree"],
  "duplicates + 1": [countedUp("duplicates"), "counters-agree"],
  "an expired lease of each delivery": [
    change("counted", ({ deliveries }) => ({ leaseExpiries: deliveries })),
    "counters-agree",
  ],
};
