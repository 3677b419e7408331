import { drop, type Mutation } from "./simulation/mutate.ts";

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
  "drop breaker": [drop("breaker"), "a journal that has forgotten an opening"],
};
