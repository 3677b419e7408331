import type { FieldViolation } from "../core/errors.ts";
import type { PolicyOverride } from "../core/policy-override.ts";
import { QUEUE_NAME } from "../core/settings.ts";
import { transformProblem } from "../core/transform/transform.ts";
import { compileExpression } from "./expression.ts";
import { partsSet } from "./merge-actions.ts";
import { RULE_LIMITS, RULE_NAME, type Rule, type RuleAction, type RuleEvent } from "./rule.ts";
import { RULE_VOCABULARY } from "./rule-vocabulary.ts";
import { ExpressionError } from "./vocabulary.ts";

/** Validates a policy; `field` in the result is relative to the policy. */
export type CheckPolicy = (policy: PolicyOverride) => readonly FieldViolation[];

/** Returns all errors in a set of rules, by field path in the contract's RuleSet. */
export function ruleViolations(rules: readonly Rule[], checkPolicy: CheckPolicy): FieldViolation[] {
  const found: FieldViolation[] = [];
  if (rules.length > RULE_LIMITS.rules) {
    const description = `has ${rules.length} rules; at most ${RULE_LIMITS.rules} are allowed`;
    // The errors of every rule could be as long as the list.
    return [{ field: "rules", description }];
  }
  const names = new Map<string, number>();
  const steps = { ARRIVAL: 0, FAILURE: 0 };
  for (const [index, rule] of rules.entries()) {
    const add = (field: string, description: string) =>
      found.push({ field: `rules[${index}].${field}`, description });
    checkName(rule.name, index, names, add);
    const own = checkWhen(rule, add);
    if (!rule.disabled) steps[rule.event] += own;
    checkAction(rule.action, checkPolicy, add);
  }
  for (const event of RULE_EVENTS) {
    const description = `the patterns of the enabled ${event} rules have ${steps[event]} steps in total, counts such as {20} written out; the limit is ${RULE_LIMITS.setPatternSteps}: shorten patterns or disable rules`;
    if (steps[event] > RULE_LIMITS.setPatternSteps) found.push({ field: "rules", description });
  }
  return found;
}

const RULE_EVENTS = ["ARRIVAL", "FAILURE"] as const satisfies readonly RuleEvent[];

type Add = (field: string, description: string) => void;

function checkName(name: string, index: number, names: Map<string, number>, add: Add): void {
  if (!RULE_NAME.test(name)) add("name", `must match ${RULE_NAME.source.slice(1, -1)}`);
  const earlier = names.get(name);
  if (earlier === undefined) names.set(name, index);
  else add("name", `is also the name of rules[${earlier}]; names must be unique`);
}

/** Returns the steps of its patterns. */
function checkWhen({ when, event }: Rule, add: Add): number {
  try {
    return compileExpression(when, RULE_VOCABULARY[event]).patternSteps;
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    add("when", error.description);
    return 0;
  }
}

function checkAction(action: RuleAction, checkPolicy: CheckPolicy, add: Add): void {
  const parts = partsSet(action);
  if (parts.length === 0) add("action", "is empty; set at least one part");
  if (action.drop && parts.length > 1) {
    add("action.drop", "excludes all other parts of the action; remove them");
  }
  if (action.queue && !QUEUE_NAME.test(action.queue)) {
    add("action.queue", `must match ${QUEUE_NAME.source.slice(1, -1)}`);
  }
  const { priority, retryPolicy, transforms = [] } = action;
  if (priority !== undefined && !isPriority(priority)) {
    add("action.priority", `must be from -${RULE_LIMITS.priority} to ${RULE_LIMITS.priority}`);
  }
  for (const { field, description } of retryPolicy === undefined ? [] : checkPolicy(retryPolicy)) {
    add(field === "" ? "action.retry_policy" : `action.retry_policy.${field}`, description);
  }
  for (const [index, transform] of transforms.entries()) {
    const problem = transformProblem(transform);
    if (problem !== undefined) add(`action.transforms[${index}]`, problem);
  }
}

function isPriority(value: number): boolean {
  return Number.isInteger(value) && Math.abs(value) <= RULE_LIMITS.priority;
}
