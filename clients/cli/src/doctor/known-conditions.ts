import { ConditionCode } from "../../../../gen/dlq/v1/dlq_service_pb.ts";

/** A condition that needs somebody. */
interface KnownCondition {
  readonly code: ConditionCode;
  readonly level: "warning" | "problem";
  readonly what: string;
  readonly advice: string;
}

/** Problems and warnings; QUEUE in an advice stands for the name of the queue. */
export const KNOWN_CONDITIONS: readonly KnownCondition[] = [
  {
    code: ConditionCode.DAMAGED,
    level: "problem",
    what: "the data in the store is damaged",
    advice: "follow docs/guides/alerts.md#dlqqueuedamaged",
  },
  {
    code: ConditionCode.SENDS_REFUSED,
    level: "problem",
    what: "sends are refused",
    advice:
      "`dlq stats QUEUE` says which limit: process messages, raise it, or make room in Redis or on its disk",
  },
  {
    code: ConditionCode.BREAKER_OPEN,
    level: "problem",
    what: "a circuit breaker is open",
    advice:
      "repair what the workers call; `dlq breakers list` shows when it probes, `dlq breakers reset QUEUE` closes it",
  },
  {
    code: ConditionCode.NO_WORKERS,
    level: "warning",
    what: "messages wait and no worker has a stream open",
    advice: "start a worker, or try `dlq work QUEUE -- COMMAND`",
  },
  {
    code: ConditionCode.ORDER_HELD,
    level: "warning",
    what: "ordering keys wait behind a quarantined message",
    advice: "`dlq ls QUEUE --state quarantined` shows it; `dlq retry ID` retries it",
  },
  {
    code: ConditionCode.PAUSED,
    level: "warning",
    what: "delivery is paused",
    advice: "`dlq queue resume QUEUE` ends the pause when its cause is gone",
  },
  {
    code: ConditionCode.LIMITED,
    level: "warning",
    what: "a limiter blocks due messages",
    advice: "raise the rate, the limit by key or the retry budget if workers have room",
  },
  {
    code: ConditionCode.WORKERS_BUSY,
    level: "warning",
    what: "messages are due and every worker is full",
    advice: "`dlq workers QUEUE` shows who holds what; start more workers",
  },
  {
    code: ConditionCode.ISOLATING,
    level: "warning",
    what: "messages wait for isolated delivery, because leases expired",
    advice: "look for workers that crash or take longer than their lease",
  },
  {
    code: ConditionCode.QUARANTINED,
    level: "warning",
    what: "messages are in quarantine",
    advice:
      "`dlq groups QUEUE` shows which failures are alike, `dlq retry QUEUE --group ID` retries them",
  },
  {
    code: ConditionCode.ALL_QUARANTINED,
    level: "warning",
    what: "all messages are in quarantine",
    advice:
      "`dlq groups QUEUE` shows which failures are alike, `dlq retry QUEUE --group ID` retries them",
  },
];

/** Returns the advice that names commands of this program for a queue; empty if there is none. */
export function commandAdvice(code: ConditionCode, queue: string): string {
  const advice = KNOWN_CONDITIONS.find((known) => known.code === code)?.advice ?? "";
  return advice.includes("`dlq ") ? advice.replaceAll("QUEUE", queue) : "";
}
