/**
 * Bounds what hiding the values of one document costs: its time, and how much longer the text becomes. A document that costs
 * more is withheld.
 */
export const REDACTION_LIMITS = {
  /** Values that are hidden one by one. Each marker may make the text eleven characters longer. */
  hiddenValues: 10_000,
  /** Nodes of the setting that are looked at to find places. */
  nodes: 20_000,
} as const;

export class RedactionBudget {
  #hiddenValues: number = REDACTION_LIMITS.hiddenValues;
  #nodes: number = REDACTION_LIMITS.nodes;

  /** Throws TooMuchToHide. */
  takeHiddenValue(): void {
    if (--this.#hiddenValues < 0) throw new TooMuchToHide();
  }

  /** Throws TooMuchToHide. */
  takeNode(): void {
    if (--this.#nodes < 0) throw new TooMuchToHide();
  }
}

/** The document is to be withheld. */
export class TooMuchToHide extends Error {}

/** Returns undefined if the work throws TooMuchToHide. */
export function withinBudget<T>(work: (budget: RedactionBudget) => T): T | undefined {
  try {
    return work(new RedactionBudget());
  } catch (error) {
    if (error instanceof TooMuchToHide) return undefined;
    throw error;
  }
}
