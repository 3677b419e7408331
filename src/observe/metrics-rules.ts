import type { Counter } from "prom-client";
import type { RuleObserver } from "../app/observer.ts";

type CreateCounter = <T extends string>(name: string, help: string, labelNames: T[]) => Counter<T>;

/** Counts of routing rules. A rule that is not in force any more has no series. */
export function createRuleMetrics(counter: CreateCounter): RuleObserver {
  const matches = counter("dlq_rule_matches_total", "Messages that a routing rule matched.", [
    "rule",
  ]);
  const failures = counter(
    "dlq_rule_failures_total",
    "Messages for which a routing rule could not be evaluated, and was skipped.",
    ["rule"],
  );
  const moves = counter(
    "dlq_rule_moves_total",
    "Moves of failed messages that routing rules asked for, by what became of them.",
    ["outcome"],
  );
  let named: readonly string[] = [];
  return {
    rulesInForce(names) {
      for (const rule of named) {
        if (names.includes(rule)) continue;
        matches.remove({ rule });
        failures.remove({ rule });
      }
      named = names;
    },
    ruleMatched: (rule) => matches.inc({ rule }),
    ruleFailed: (rule) => failures.inc({ rule }),
    ruleMove: (outcome) => moves.inc({ outcome }),
  };
}
