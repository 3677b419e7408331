import type { RuleEvent } from "./rule.ts";
import { FUNCTIONS, RECORDS, type Vocabulary } from "./vocabulary.ts";

const ARRIVAL: Vocabulary = {
  variables: { message: "message", failure: "failure" },
  records: RECORDS,
  functions: FUNCTIONS,
  elsewhere: { attempts: "on failure only" },
  // A later version may have more reasons, and a rule that it accepted must stay valid.
  values: {},
};

/** What the rules of each event may use. */
export const RULE_VOCABULARY: Readonly<Record<RuleEvent, Vocabulary>> = {
  ARRIVAL,
  FAILURE: { ...ARRIVAL, variables: { ...ARRIVAL.variables, attempts: "int" }, elsewhere: {} },
};
