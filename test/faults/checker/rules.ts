/** What every legal run satisfies, by rule. */
export const RULES = {
  "one-id": "a source has one id, and each request is answered with one id",
  "one-source": "an id belongs to one source",
  unchanged: "plan and payload of a message are as sent, or with all edits applied",
  "edited-whole": "a message is edited from its first failure in a queue that edits, not before",
  "in-place":
    "a message is delivered and stored in its queue, or where rules or batch jobs moved it",
  dropped: "exactly the sends that a rule drops are answered so, and they are never stored",
  "nothing-invented": "only sent messages exist, and none whose every try was refused",
  "not-lost":
    "an acknowledged or delivered message is stored, or ended by an outcome that may count or by a batch job",
  "stays-ended": "an ended or quarantined message is not delivered or stored otherwise again",
  "kept-once": "the store has each message once",
  finished:
    "only baseline messages, and those of batch jobs, are scheduled at the end; none is in flight",
  "baseline-untouched": "baseline messages stay scheduled and are never delivered",
  "token-once": "a token is issued once",
  "one-live-token": "a token does not count after the next one was issued",
  "number-once": "a delivery number of a message is used once",
  "numbers-grow": "delivery numbers begin at 1 and grow with time",
  "duplicate-explained":
    "a message is delivered again only after its lease ended, or after an unanswered failure or release",
  "claims-lost": "a delivery that no worker received was issued near a fault",
  "applied-once": "at most one outcome is applied under a token",
  "token-issued": "no outcome is applied under a token that was never issued",
  "same-answer": "a repeated request gets the same answer",
  "answer-fits": "the state after an applied outcome is the one that the outcome asks for",
  "outcome-taken": "an outcome counts while no other worker has the message",
  attempts: "an attempt number is one more than the failures applied before",
  "outcome-unknown-set":
    "outcome_unknown is true if an earlier delivery ended without an outcome, or ended the message",
  "outcome-unknown-clear":
    "outcome_unknown is false if all earlier deliveries had an applied outcome and Redis did not restart",
  "quarantine-earned": "a quarantined message meets the condition of its quarantine reason",
  "quarantine-due": "a message that must be quarantined is not delivered again",
  "not-early": "no message is delivered before it is due",
  "in-order": "messages of an ordering key are delivered in order",
  "one-of-a-key": "a worker holds at most one message of an ordering key",
  "order-held": "an ordering key waits behind its quarantined message for the configured time",
  "exempt-not-counted":
    "a failure of a lease from before a breaker opened does not count as an attempt",
  "breakers-close": "no breaker is open at the end, when all messages succeeded",
  "counters-agree": "counters equal contents and histories",
  "job-once": "a batch job acts on a message at most once, and a request creates one job",
  "job-selected":
    "a batch job acts only on messages that it selects: those that match, and that are as they were when it was created",
  "job-complete": "a batch job acts on each message that it selects, or counts it",
  "job-counts": "the counts of a batch job equal its actions in the outbox",
  "job-ends": "each batch job is done at the end",
  "store-sound": "the store's invariants hold",
  "event-there": "each event of a change is in the stream, or a notice says that it may be missing",
  "event-real": "each event in the stream is of a change that happened, as it happened",
  "event-order": "first copies of a queue's events are in the order of the changes",
  "event-same": "a repeated event is the same",
  "event-versions": "versions of a message never go back in first copies",
  "gap-real": "events are missing only if the outbox had to remove their changes",
  "answer-has-event":
    "each acknowledged send and outcome, and each move and edit that workers saw, has an event of the outbox",
  "history-whole": "histories are complete and name only known things",
} as const;

export type Rule = keyof typeof RULES;
