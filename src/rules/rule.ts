import type { PolicyOverride } from "../core/policy-override.ts";
import type { Transform } from "../core/transform/transform.ts";

/** On the arrival of a message, or on the outcome `failed` of an attempt. */
export type RuleEvent = "ARRIVAL" | "FAILURE";

/** What rules do with a message. In one rule at least one part; absent parts say nothing. */
export interface RuleAction {
  /** To another queue. */
  queue?: string | undefined;
  /** From now on; wins over the queue's and the reason's policy, not over the message's own. */
  retryPolicy?: PolicyOverride | undefined;
  priority?: number | undefined;
  quarantine?: boolean | undefined;
  /** Not stored, or removed. Stands alone. */
  drop?: boolean | undefined;
  /** Applied in their order; those of all rules that match are. */
  transforms?: readonly Transform[] | undefined;
}

export interface Rule {
  name: string;
  event: RuleEvent;
  /** A CEL expression; docs/reference/rules.md says which part of CEL. */
  when: string;
  action: RuleAction;
  /** Whether later rules are tried when this one matches. */
  proceed: boolean;
  /** Kept, not tried. */
  disabled: boolean;
}

export const RULE_LIMITS = {
  /** Rules of the one set that there is. */
  rules: 100,
  /** UTF-8 bytes of an expression. */
  expressionBytes: 1024,
  /** Brackets of any kind within one another, and operations within one another. */
  nesting: 32,
  /** Steps that all patterns of one expression come to: each costs about 9 ns a character. */
  patternSteps: 128,
  priority: 100,
} as const;

export const RULE_NAME = /^[A-Za-z0-9._-]{1,64}$/;
