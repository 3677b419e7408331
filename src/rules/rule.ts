import type { PolicyOverride } from "../core/policy-override.ts";
import type { Transform } from "../core/transform/transform.ts";

/** When a rule applies: on arrival of a message, or on the outcome `failed`. */
export type RuleEvent = "ARRIVAL" | "FAILURE";

/** What a rule does with a message. At least one part is set. */
export interface RuleAction {
  /** Moves the message to this queue. */
  queue?: string | undefined;
  /**
   * Retry policy from now on; stronger than those of queue and reason, weaker than the message's
   * own.
   */
  retryPolicy?: PolicyOverride | undefined;
  priority?: number | undefined;
  quarantine?: boolean | undefined;
  /** Does not store the message, or removes it. Excludes all other parts. */
  drop?: boolean | undefined;
  /** Applied in order. Transforms of all matching rules apply. */
  transforms?: readonly Transform[] | undefined;
}

export interface Rule {
  name: string;
  event: RuleEvent;
  /** A CEL expression; docs/reference/rules.md describes the supported subset. */
  when: string;
  action: RuleAction;
  /** Whether later rules are evaluated if this one matches. */
  proceed: boolean;
  /** Stored, but not evaluated. */
  disabled: boolean;
}

export const RULE_LIMITS = {
  /** The most rules in the set. */
  rules: 100,
  /** UTF-8 bytes of an expression. */
  expressionBytes: 1024,
  /** The deepest nesting of brackets, and of operations. */
  nesting: 32,
  /** The most steps of all patterns in an expression: each costs about 9 ns a character. */
  patternSteps: 128,
  /** The same for all enabled rules of one event. The longest text has 4,096 characters. */
  setPatternSteps: 4_096,
  priority: 100,
} as const;

export const RULE_NAME = /^[A-Za-z0-9._-]{1,64}$/;
