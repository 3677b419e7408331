import { create, fromBinary } from "@bufbuild/protobuf";
import { type RuleSet, RuleSetSchema } from "../../../gen/dlq/v1/rule_pb.ts";
import { CompiledRules } from "../../rules/compiled-rules.ts";
import type { Rule } from "../../rules/rule.ts";
import type { Store, StoredRecord } from "../../store/contract.ts";
import type { DecisionLog, RuleObserver } from "../observer.ts";

/** The record that they are kept in. */
export const RULES = "rules";
/** An etag that no set has. */
export const UNREADABLE = "unreadable";

export interface RulesInForceParts {
  store: Pick<Store, "deployment">;
  /** Throws where it is not for this version to read. */
  read(ruleSet: RuleSet): readonly Rule[];
  observer: Pick<RuleObserver, "rulesInForce">;
  log: Pick<DecisionLog, "info" | "warn">;
}

/** The routing rules at this moment: asked with each decision, compiled once for each change. */
export class RulesInForce {
  readonly #parts: RulesInForceParts;
  /** Records are others when they change. */
  #seen: StoredRecord | undefined;
  #compiled = new CompiledRules([]);

  constructor(parts: RulesInForceParts) {
    this.#parts = parts;
    // Now, and not in the way of the next message.
    parts.store.deployment.onChange(() => void this.current());
  }

  current(): CompiledRules {
    const record = this.#parts.store.deployment.get(RULES);
    if (record !== this.#seen) this.#follow(record);
    return this.#compiled;
  }

  /** As of the last look at the store. */
  stored(): RuleSet {
    const record = this.#parts.store.deployment.get(RULES);
    if (record === undefined) return create(RuleSetSchema);
    try {
      return fromBinary(RuleSetSchema, record.bytes);
    } catch {
      // Not ours, or damaged: the next update replaces it.
      return create(RuleSetSchema, { etag: UNREADABLE });
    }
  }

  #follow(record: StoredRecord | undefined): void {
    const { read, observer, log } = this.#parts;
    this.#seen = record;
    try {
      const rules = record === undefined ? [] : read(fromBinary(RuleSetSchema, record.bytes));
      this.#compiled = new CompiledRules(rules);
      observer.rulesInForce(rules.map(({ name }) => name));
      log.info({ rules: rules.length }, "routing rules in force");
    } catch (error) {
      const words = "the routing rules can't be read; those of before stay in force";
      log.warn({ error: String(error) }, words);
    }
  }
}
