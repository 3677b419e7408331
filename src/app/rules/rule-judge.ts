import type { Reason } from "../../core/reason.ts";
import type { RuleDecision } from "../../rules/compiled-rules.ts";
import type { RuleFacts } from "../../rules/facts.ts";
import type { RuleEvent } from "../../rules/rule.ts";
import type { FailureRecord } from "../commands.ts";
import type { DecisionLog, RuleObserver } from "../observer.ts";
import { OnceAMinute } from "../once-a-minute.ts";
import type { RulesInForce } from "./rules-in-force.ts";

export interface RuleJudgeParts {
  rules: Pick<RulesInForce, "current">;
  observer: Omit<RuleObserver, "rulesInForce">;
  log: Pick<DecisionLog, "warn">;
  /** The wall clock. */
  now(): number;
}

/** Evaluates the rules in force and reports matches and failures. */
export class RuleJudge {
  readonly #parts: RuleJudgeParts;
  readonly #once: OnceAMinute;

  constructor(parts: RuleJudgeParts) {
    this.#parts = parts;
    this.#once = new OnceAMinute(parts.now);
  }

  /** Reports whether there are rules for the event. If not, callers need not collect facts. */
  hasRulesFor(event: RuleEvent): boolean {
    return this.#parts.rules.current().hasRulesFor(event);
  }

  judge(event: RuleEvent, facts: RuleFacts): RuleDecision {
    const { rules, observer } = this.#parts;
    const decision = rules.current().evaluate(event, facts);
    for (const rule of decision.matched) observer.ruleMatched(rule);
    for (const failure of decision.failed) {
      observer.ruleFailed(failure.rule);
      const { rule, error } = failure;
      this.#warn(
        rule,
        { rule, queue: facts.message.queue, error },
        "a routing rule failed and was skipped",
      );
    }
    return decision;
  }

  /** Reports a move that is ignored because rules have moved the message too often. */
  reportCircle(rule: string, queue: string, target: string): void {
    this.#parts.observer.ruleMove("circle");
    const message = "routing rules move a message in a circle; it stays in its queue";
    this.#warn(rule, { rule, queue, target }, message);
  }

  #warn(rule: string, facts: object, message: string): void {
    if (this.#once.isDue(rule)) this.#parts.log.warn(facts, message);
  }
}

export function failureFacts(failure: FailureRecord, reason: Reason): RuleFacts["failure"] {
  const { type, message, grpcCode, httpStatus, attributes } = failure;
  return { reason, type, message, grpcCode, httpStatus, attributes };
}
