import { decodeRuleSet, emptyRuleSet, type RuleSet } from "../../codec/rule-set.ts";
import { UNREADABLE_ETAG } from "../../codec/unreadable.ts";
import { CompiledRules } from "../../rules/compiled-rules.ts";
import type { Rule } from "../../rules/rule.ts";
import type { Store, StoredRecord } from "../../store/contract.ts";
import type { DecisionLog, RuleObserver } from "../observer.ts";

/** The name of the record that holds the rules. */
export const RULES = "rules";

export interface RulesInForceParts {
  store: Pick<Store, "deployment">;
  /** Throws if this version cannot read the rules. */
  read(ruleSet: RuleSet): readonly Rule[];
  observer: Pick<RuleObserver, "rulesInForce">;
  log: Pick<DecisionLog, "info" | "warn">;
}

/** The routing rules in force now. Looked up for each decision, compiled once for each change. */
export class RulesInForce {
  readonly #parts: RulesInForceParts;
  /** A changed record is a new object. */
  #seen: StoredRecord | undefined;
  #compiled = new CompiledRules([]);

  constructor(parts: RulesInForceParts) {
    this.#parts = parts;
    // Compiles at once, so that the next message does not wait for it.
    parts.store.deployment.onChange(() => void this.current());
  }

  current(): CompiledRules {
    const record = this.#parts.store.deployment.get(RULES);
    if (record !== this.#seen) this.#load(record);
    return this.#compiled;
  }

  /** The stored rules, as of the last refresh. */
  stored(): RuleSet {
    const record = this.#parts.store.deployment.get(RULES);
    if (record === undefined) return emptyRuleSet();
    try {
      return decodeRuleSet(record.bytes);
    } catch {
      // Unknown or damaged: the next update replaces it.
      return emptyRuleSet(UNREADABLE_ETAG);
    }
  }

  #load(record: StoredRecord | undefined): void {
    const { read, observer, log } = this.#parts;
    this.#seen = record;
    try {
      const rules = record === undefined ? [] : read(decodeRuleSet(record.bytes));
      this.#compiled = new CompiledRules(rules);
      observer.rulesInForce(rules.map(({ name }) => name));
      log.info({ rules: rules.length }, "routing rules in force");
    } catch (error) {
      const message = "the stored routing rules cannot be read; the previous ones stay in force";
      log.warn({ error: String(error) }, message);
    }
  }
}
