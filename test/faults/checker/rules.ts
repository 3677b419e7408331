/** What is proved, by rule, in words that hold of every legal run. */
export const RULES = {
  "one-id": "a source exists under one id, and a request is answered with one",
  "one-source": "an id belongs to one source",
  unchanged: "queue, plan and payload of a message are those that were sent",
  "no-stranger": "only what was sent exists, and nothing of which every try was refused",
  "not-lost": "what was acknowledged or delivered is kept, or ended by an outcome that may count",
  "stays-ended": "what has ended, or is in quarantine, is not delivered or kept otherwise again",
  "kept-once": "the store keeps a message once",
  finished: "nothing but stock is scheduled or in flight at the end",
  "stock-untouched": "stock stays scheduled, and is never delivered",
  "token-once": "a token is issued once",
  "one-live-token": "no token counts after the next one was issued",
  "number-once": "a delivery number of a message is given once",
  "numbers-grow": "numbers begin at 1, and a delivery with a higher one was issued later",
  "duplicate-explained":
    "a message comes again only after its lease, or a failure or release without an answer",
  "claims-lost": "a delivery that nobody received was issued near a fault",
  "applied-once": "one outcome at most is applied under a token",
  "token-issued": "no outcome is applied under a token that was never issued",
  "same-answer": "a request that is repeated gets the same answer",
  "answer-fits": "the state that an applied outcome leads to is the one that it asks for",
  "outcome-taken": "an outcome counts as long as nobody else was given the message",
  attempts: "an attempt is one more than the failures that were applied before",
  "doubt-told": "a delivery says so when an earlier one ended without an outcome",
  "doubt-true":
    "a delivery of which all earlier ones had an applied outcome says nothing of the kind",
  "quarantine-earned": "what is in quarantine has earned it, for the reason given",
  "quarantine-due": "what has earned quarantine is not delivered again",
  "not-early": "nothing is delivered before it is due",
  "counters-agree": "counters equal contents and histories",
  "store-sound": "the store does not contradict itself",
  "history-whole": "histories are whole, and name only what they introduced",
} as const;

export type Rule = keyof typeof RULES;
