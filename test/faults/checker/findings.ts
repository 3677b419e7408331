import type { Rollbacks } from "./rollbacks.ts";
import { RULES, type Rule } from "./rules.ts";

/** A rule that does not hold, how often, and where: the first examples. */
export interface Violation {
  readonly rule: Rule;
  readonly words: string;
  readonly total: number;
  readonly examples: readonly string[];
}

const MOST_EXAMPLES = 10;

/** Gathers what breaks the rules. What a rollback of the store explains is counted apart. */
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
   * As `broken`, unless the store may have forgotten what was written between these instants, and
   * forgetting that explains it.
   */
  brokenUnlessForgotten(rule: Rule, example: string, fromMs: number, toMs: number): void {
    this.brokenUnless(this.mayHaveForgotten(fromMs, toMs), rule, example);
  }

  /** As `broken`, unless a rollback of the store is known to explain it. */
  brokenUnless(isForgotten: boolean, rule: Rule, example: string): void {
    note(isForgotten ? this.#rolledBack : this.#broken, rule, example);
  }

  /** Whether the store may have forgotten a write that took place between these instants. */
  mayHaveForgotten(fromMs: number, toMs: number): boolean {
    return this.#rollbacks.mayHaveForgotten(fromMs, toMs);
  }

  /** The same for a send that its producer knows to be stored. */
  mayHaveForgottenSend(atMs: number): boolean {
    return !this.#rollbacks.keepsSends && this.mayHaveForgotten(atMs, atMs);
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
  if (found.examples.length < MOST_EXAMPLES) found.examples.push(example);
  where.set(rule, found);
}

function list(where: ReadonlyMap<Rule, { total: number; examples: string[] }>): Violation[] {
  return [...where].map(([rule, found]) => ({ rule, words: RULES[rule], ...found }));
}
