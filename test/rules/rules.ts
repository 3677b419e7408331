import type { Rule } from "../../src/rules/rule.ts";

/** A rule that matches everything and sets a priority. Parts can be replaced. */
export function ruleWith(parts: Partial<Rule> = {}): Rule {
  return {
    name: "rule",
    event: "FAILURE",
    when: "true",
    action: { priority: 1 },
    proceed: false,
    disabled: false,
    ...parts,
  };
}
