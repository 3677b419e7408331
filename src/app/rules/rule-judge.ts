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

/** Asks the rules in force, and tells what they said. */
export class RuleJudge {
  readonly #parts: RuleJudgeParts;
  readonly #once: OnceAMinute;

  constructor(parts: RuleJudgeParts) {
    this.#parts = parts;
    this.#once = new OnceAMinute(parts.now);
  }

  /** Whether any rule is tried: if none is, nobody needs to collect facts. */
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
      const told = { rule, queue: facts.message.queue, error };
      this.#log(rule, told, "a routing rule failed, and was skipped");
    }
    return decision;
  }

  /** A move that is ignored, since rules have moved the message so often that it may go in a circle. */
  circle(rule: string, queue: string, target: string): void {
    this.#parts.observer.ruleMove("circle");
    const words = "a routing rule moves a message in a circle; it stays where it is";
    this.#log(rule, { rule, queue, target }, words);
  }

  #log(rule: string, facts: object, words: string): void {
    if (this.#once.isDue(rule)) this.#parts.log.warn(facts, words);
  }
}

export function failureFacts(failure: FailureRecord, reason: Reason): RuleFacts["failure"] {
  const { type, message, grpcCode, httpStatus, attributes } = failure;
  return { reason, type, message, grpcCode, httpStatus, attributes };
}
