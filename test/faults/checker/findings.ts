import type { Rollbacks } from "./rollbacks.ts";
import { RULES, type Rule } from "./rules.ts";

/** A broken rule, how often it was broken, and the first examples. */
export interface Violation {
  readonly rule: Rule;
  readonly words: string;
  readonly total: number;
  readonly examples: readonly string[];
}

const MAX_EXAMPLES = 10;

/** Collects broken rules. Those that a rollback of the store explains are kept apart. */
export class Findings {
  readonly #broken = new Map<Rule, { total: number; examples: string[] }>();
  readonly #rolledBack = new Map<Rule, { total: number; examples: string[] }>();
  readonly #rollbacks: Rollbacks;

  constructor(rollbacks: Rollbacks) {
    this.#rollbacks = rollbacks;
  }

  broken(rule: Rule, example: string): void {
    note(this.#broken, rule, example);
  }

  /**
   * Like `broken`, except if a rollback may have undone writes between these times.
   */
  brokenUnlessForgotten(rule: Rule, example: string, fromMs: number, toMs: number): void {
    this.brokenUnless(this.mayHaveForgotten(fromMs, toMs), rule, example);
  }

  /** Like `broken`, except if a rollback explains it. */
  brokenUnless(isForgotten: boolean, rule: Rule, example: string): void {
    note(isForgotten ? this.#rolledBack : this.#broken, rule, example);
  }

  /** Reports whether a rollback may have undone a write between these times. */
  mayHaveForgotten(fromMs: number, toMs: number): boolean {
    return this.#rollbacks.mayHaveForgotten(fromMs, toMs);
  }

  /** The same for an acknowledged send. */
  mayHaveForgottenSend(atMs: number): boolean {
    return !this.#rollbacks.keepsSends && this.mayHaveForgotten(atMs, atMs);
  }

  /** Whether a rollback may have happened at all. */
  get allowsRollbacks(): boolean {
    return this.#rollbacks.any;
  }

  get violations(): Violation[] {
    return list(this.#broken);
  }

  get rolledBack(): Violation[] {
    return list(this.#rolledBack);
  }
}

function note(
  where: Map<Rule, { total: number; examples: string[] }>,
  rule: Rule,
  example: string,
): void {
  const found = where.get(rule) ?? { total: 0, examples: [] };
  found.total++;
  if (found.examples.length < MAX_EXAMPLES) found.examples.push(example);
  where.set(rule, found);
}

function list(where: ReadonlyMap<Rule, { total: number; examples: string[] }>): Violation[] {
  return [...where].map(([rule, found]) => ({ rule, words: RULES[rule], ...found }));
}
