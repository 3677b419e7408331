import type { Reason } from "../../core/reason.ts";
import type { RuleDecision } from "../../rules/compiled-rules.ts";
import type { RuleAction } from "../../rules/rule.ts";
import type { SendCommand } from "../commands.ts";
import { reasonOf } from "../reason-of.ts";
import { failureFacts, type RuleJudge } from "./rule-judge.ts";

/** A send, and what the rules make of it. */
export interface RoutedSend {
  readonly command: SendCommand;
  readonly reason: Reason;
  /** Where it goes: where it was sent to, unless a rule says otherwise. */
  readonly queue: string;
  readonly action: RuleAction;
  /** What rules edit. */
  readonly edits: RuleDecision["edits"];
  /** The rule that decided most of it; empty: none did. */
  readonly by: string;
}

const NOTHING: RuleAction = Object.freeze({});
const NO_EDITS: RuleDecision["edits"] = Object.freeze([]);

/** Asks the rules of arrivals, if there are any. */
export function routeSend(
  command: SendCommand,
  rules: Pick<RuleJudge, "hasRulesFor" | "judge"> | undefined,
): RoutedSend {
  const { queue, failure } = command;
  const reason = reasonOf(failure);
  if (!rules?.hasRulesFor("ARRIVAL")) {
    return { command, reason, queue, action: NOTHING, edits: NO_EDITS, by: "" };
  }
  const facts = { message: command.ruleFacts(), failure: failureFacts(failure, reason) };
  const { action, saidBy, edits } = rules.judge("ARRIVAL", facts);
  const by = saidBy.drop ?? saidBy.quarantine ?? saidBy.queue ?? "";
  return { command, reason, queue: action.queue ?? queue, action, edits, by };
}
