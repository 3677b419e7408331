import type { Counted } from "../history/event.ts";
import { change, type Named } from "./simulation/mutate.ts";

const countedUp = (name: keyof Counted) =>
  change("counted", (line) => ({ [name]: (line[name] as number) + 1 }));
const countedDown = (name: keyof Counted) =>
  change("counted", (line) => ({ [name]: (line[name] as number) - 1 }));

/** Of those that may have been applied without an answer, some were. */
const countedHalf = (name: "failedAttempts" | "released") =>
  change("counted", (line) => ({ [name]: Math.floor(line[name] / 2) }));

/** A store that counts wrong, and nothing else. */
export const COUNTER_MUTATIONS: Readonly<Record<string, Named>> = {
  "accepted + 1": [countedUp("accepted"), "counters-agree"],
  "accepted - 1": [countedDown("accepted"), "counters-agree"],
  "succeeded + 1": [countedUp("succeeded"), "counters-agree"],
  "discarded - 1": [countedDown("discarded"), "counters-agree"],
  "deliveries + 1": [countedUp("deliveries"), "counters-agree"],
  "deliveries - 1": [countedDown("deliveries"), "counters-agree"],
  "movedOut + 1": [countedUp("movedOut"), "counters-agree"],
  "movedIn - 1": [countedDown("movedIn"), "counters-agree"],
  "expired + 1": [countedUp("expired"), "counters-agree"],
  "failedAttempts halved": [countedHalf("failedAttempts"), "counters-agree"],
  "released halved": [countedHalf("released"), "counters-agree"],
  "duplicates + 1": [countedUp("duplicates"), "counters-agree"],
  "a lease that ended, of each delivery": [
    change("counted", ({ deliveries }) => ({ leaseExpiries: deliveries })),
    "counters-agree",
  ],
};
