import type { ConditionCode, QueueStats } from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { conditionName } from "../output/conditions.ts";
import { firstNames } from "../output/names.ts";
import { countedText } from "../output/numbers.ts";
import { messagesOf, readStats } from "../reads/stats.ts";
import type { Run } from "../run.ts";
import type { Finding } from "./finding.ts";
import { brokenInvariants } from "./invariants.ts";
import { KNOWN_CONDITIONS } from "./known-conditions.ts";

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

/** Returns one finding for each condition that needs somebody, problems first. */
export function conditionFindings(queues: readonly QueueStats[]): Finding[] {
  const byCode = new Map<ConditionCode, string[]>();
  for (const { queue, conditions } of queues) {
    for (const { code } of conditions) byCode.set(code, [...(byCode.get(code) ?? []), queue]);
  }
  const findings = KNOWN_CONDITIONS.flatMap(({ code, level, what, advice }): Finding[] => {
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
