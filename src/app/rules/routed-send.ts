import type { Reason } from "../../core/reason.ts";
import type { RuleDecision } from "../../rules/compiled-rules.ts";
import type { RuleAction } from "../../rules/rule.ts";
import type { SendCommand } from "../commands.ts";
import { reasonOf } from "../reason-of.ts";
import { failureFacts, type RuleJudge } from "./rule-judge.ts";

/** A send with the decisions of routing rules. */
export interface RoutedSend {
  readonly command: SendCommand;
  readonly reason: Reason;
  /** The target queue: the one it was sent to, unless a rule chose another one. */
  readonly queue: string;
  readonly action: RuleAction;
  /** The edits that rules ask for. */
  readonly edits: RuleDecision["edits"];
  /** The rule that decided; empty: none. */
  readonly rule: string;
}

const NOTHING: RuleAction = Object.freeze({});
const NO_EDITS: RuleDecision["edits"] = Object.freeze([]);

/** Applies the arrival rules, if there are any. */
export function routeSend(
  command: SendCommand,
  rules: Pick<RuleJudge, "hasRulesFor" | "judge"> | undefined,
): RoutedSend {
  const { queue, failure } = command;
  const reason = reasonOf(failure);
  if (!rules?.hasRulesFor("ARRIVAL")) {
    return { command, reason, queue, action: NOTHING, edits: NO_EDITS, rule: "" };
  }
  const facts = { message: command.ruleFacts(), failure: failureFacts(failure, reason) };
  const { action, decidedBy, edits } = rules.judge("ARRIVAL", facts);
  const rule = decidedBy.drop ?? decidedBy.quarantine ?? decidedBy.queue ?? "";
  return { command, reason, queue: action.queue ?? queue, action, edits, rule };
}
