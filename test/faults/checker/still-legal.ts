import { jobFacts } from "../history/job-sources.ts";
import { drop, type Mutation } from "./simulation/mutate.ts";

/** Name -> a change that keeps a history legal, and the reason. */
export const STILL_LEGAL: Readonly<Record<string, readonly [Mutation, string]>> = {
  "drop sent": [
    // An operator asks for jobs when its sends are answered.
    drop("sent", ({ request }) => jobFacts(request) === undefined),
    "the answer never came; the message may still exist",
  ],
  "drop unsent": [drop("unsent"), "the producer was killed before it recorded the error"],
  "drop acked": [drop("acked"), "the answer never came; the outcome may have been applied"],
  "drop unacked": [drop("unacked"), "the worker was killed before it recorded the error"],
  "drop closed": [drop("closed"), "a stream may be open until its actor ends"],
  "drop ended": [drop("ended"), "the actor was killed"],
  "drop extended": [drop("extended"), "the answer never came; the lease may be longer"],
  "drop unextended": [drop("unextended"), "the lease may be longer"],
  "drop breaker": [drop("breaker"), "the bounded outbox no longer has the entry"],
};
