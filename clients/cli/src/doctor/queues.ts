import { ConditionCode, type QueueStats } from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { conditionName } from "../output/conditions.ts";
import { firstNames } from "../output/names.ts";
import { countedText } from "../output/numbers.ts";
import { messagesOf, readStats } from "../reads/stats.ts";
import type { Run } from "../run.ts";
import type { Finding } from "./finding.ts";
import { brokenInvariants } from "./invariants.ts";

/** Queues that a finding names. */
const NAMED = 5;

/** Checks the counts and the conditions of all queues. */
export async function queueFindings(run: Run): Promise<Finding[]> {
  const { queues } = await readStats(run);
  return [...countFindings(queues), ...conditionFindings(queues)];
}

/** Checks that the counts of each queue add up. */
export function countFindings(queues: readonly QueueStats[]): Finding[] {
  const broken = queues.flatMap((queue) =>
    brokenInvariants(queue).map(
      (what): Finding => ({
        level: "problem",
        check: "counts",
        what: `queue ${queue.queue}: ${what}`,
        advice: "report a defect, with the answer of `dlq stats -o json` and the server's log",
        queues: [queue.queue],
      }),
    ),
  );
  if (broken.length > 0) return broken;
  const count = queues.reduce((sum, queue) => sum + messagesOf(queue), 0n);
  const messages = countedText(count, "message");
  return [
    {
      level: "ok",
      check: "counts",
      what: `the counts of ${countedText(queues.length, "queue")} with ${messages} add up`,
      advice: "",
    },
  ];
}

interface Known {
  readonly code: ConditionCode;
  readonly level: "warning" | "problem";
  readonly what: string;
  readonly advice: string;
}

const KNOWN: readonly Known[] = [
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
    advice: "end the pause by UpdateQueue when its cause is gone",
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

/** Returns one finding for each condition that needs somebody, problems first. */
export function conditionFindings(queues: readonly QueueStats[]): Finding[] {
  const byCode = new Map<ConditionCode, string[]>();
  for (const { queue, conditions } of queues) {
    for (const { code } of conditions) byCode.set(code, [...(byCode.get(code) ?? []), queue]);
  }
  const findings = KNOWN.flatMap(({ code, level, what, advice }): Finding[] => {
    const names = byCode.get(code) ?? [];
    if (names.length === 0) return [];
    const check = conditionName(code);
    return [
      {
        level,
        check,
        what: `${what}: ${firstNames(names, NAMED)}`,
        advice,
        queues: names.slice(0, NAMED),
      },
    ];
  });
  return findings.toSorted((a, b) => rankOf(a) - rankOf(b));
}

const rankOf = ({ level }: Finding) => ["problem", "warning", "ok"].indexOf(level);
