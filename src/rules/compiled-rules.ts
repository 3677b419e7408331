import { compileExpression, type Expression, withoutStackTraces } from "./expression.ts";
import { bindingsOf, type RuleFacts } from "./facts.ts";
import { type MergedAction, mergeActions } from "./merge-actions.ts";
import type { Rule, RuleEvent } from "./rule.ts";
import { RULE_VOCABULARY } from "./rule-vocabulary.ts";

/** The decision of all rules on one message. */
export interface RuleDecision extends MergedAction {
  /** Names of the matching rules, in order. */
  matched: readonly string[];
  /** Rules that were skipped because their evaluation failed. */
  failed: readonly RuleFailure[];
}

export interface RuleFailure {
  rule: string;
  error: string;
}

interface CompiledRule {
  readonly rule: Rule;
  readonly expression: Expression;
}

const NOTHING: RuleDecision = { matched: [], failed: [], action: {}, decidedBy: {}, edits: [] };

/**
 * A compiled set of rules. Compiling takes about 0.2 ms a rule, and a few times that while the code
 * is cold, so keep one for each etag. Rules are validated when they are set, perhaps by another
 * version: a rule that this version cannot compile fails at each evaluation.
 */
export class CompiledRules {
  readonly #rules: Readonly<Record<RuleEvent, readonly CompiledRule[]>>;

  constructor(rules: readonly Rule[]) {
    const tried = rules.filter(({ disabled }) => !disabled);
    const of = (event: RuleEvent) => tried.filter((rule) => rule.event === event).map(compiled);
    this.#rules = { ARRIVAL: of("ARRIVAL"), FAILURE: of("FAILURE") };
  }

  /** Reports whether there are rules for the event. If not, callers need not collect facts. */
  hasRulesFor(event: RuleEvent): boolean {
    return this.#rules[event].length > 0;
  }

  /** Evaluates the rules in order, up to the first that matches and does not have `proceed`. */
  evaluate(event: RuleEvent, facts: RuleFacts): RuleDecision {
    const rules = this.#rules[event];
    if (rules.length === 0) return NOTHING;
    const bindings = bindingsOf(facts);
    const matched: Rule[] = [];
    const failed: RuleFailure[] = [];
    withoutStackTraces(() => {
      for (const { rule, expression } of rules) {
        const outcome = expression.evaluate(bindings);
        if (typeof outcome === "object") failed.push({ rule: rule.name, error: outcome.error });
        if (outcome !== true) continue;
        matched.push(rule);
        if (!rule.proceed || rule.action.drop) return;
      }
    });
    return { matched: matched.map(({ name }) => name), failed, ...mergeActions(matched) };
  }
}

function compiled(rule: Rule): CompiledRule {
  try {
    return { rule, expression: compileExpression(rule.when, RULE_VOCABULARY[rule.event]) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { rule, expression: { patternSteps: 0, evaluate: () => ({ error: message }) } };
  }
}
