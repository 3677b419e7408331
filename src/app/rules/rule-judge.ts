import { decodeEdits, decodeMessage, type StoredMessage } from "../../codec/message.ts";
import type { Reason } from "../../core/reason.ts";
import type { RuleDecision } from "../../rules/compiled-rules.ts";
import type { RuleFacts } from "../../rules/facts.ts";
import type { RuleAction, RuleEvent } from "../../rules/rule.ts";
import type { FailureRecord, SendCommand } from "../commands.ts";
import { payloadBytes } from "../edits/plan-edits.ts";
import { type DecisionLog, OnceAMinute, type RuleObserver } from "../observer.ts";
import type { RulesInForce } from "./rules-in-force.ts";

export interface RuleJudgeParts {
  rules: Pick<RulesInForce, "current">;
  observer: Omit<RuleObserver, "rulesInForce">;
  log: Pick<DecisionLog, "warn">;
  /** The wall clock. */
  now(): number;
}

/** Evaluates the rules in force and reports matches and failures. */
export class RuleJudge {
  readonly #parts: RuleJudgeParts;
  readonly #once: OnceAMinute;

  constructor(parts: RuleJudgeParts) {
    this.#parts = parts;
    this.#once = new OnceAMinute(parts.now);
  }

  /** Reports whether there are rules for the event. If not, callers need not collect facts. */
  hasRulesFor(event: RuleEvent): boolean {
    return this.#parts.rules.current().hasRulesFor(event);
  }

  judge(event: RuleEvent, facts: RuleFacts): RuleDecision {
    const { rules, observer } = this.#parts;
    const decision = rules.current().evaluate(event, facts);
    for (const rule of decision.matched) observer.ruleMatched(rule);
    for (const failure of decision.failed) {
      observer.ruleFailed(failure.rule);
      const { rule, error } = failure;
      this.#warn(
        rule,
        { rule, queue: facts.message.queue, error },
        "a routing rule failed and was skipped",
      );
    }
    return decision;
  }

  /** Reports a move that is ignored because rules have moved the message too often. */
  reportCircle(rule: string, queue: string, target: string): void {
    this.#parts.observer.ruleMove("circle");
    const message = "routing rules move a message in a circle; it stays in its queue";
    this.#warn(rule, { rule, queue, target }, message);
  }

  #warn(rule: string, facts: object, message: string): void {
    if (this.#once.isDue(rule)) this.#parts.log.warn(facts, message);
  }
}

export function failureFacts(failure: FailureRecord, reason: Reason): RuleFacts["failure"] {
  const { type, message, grpcCode, httpStatus, attributes } = failure;
  return { reason, type, message, grpcCode, httpStatus, attributes };
}

/** A send that is not stored yet, with the decisions of routing rules. */
export interface JudgedSend {
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
export function judgeSend(
  command: SendCommand,
  reason: Reason,
  rules: Pick<RuleJudge, "hasRulesFor" | "judge"> | undefined,
): JudgedSend {
  const { queue, failure } = command;
  if (!rules?.hasRulesFor("ARRIVAL")) {
    return { command, reason, queue, action: NOTHING, edits: NO_EDITS, rule: "" };
  }
  const facts = { message: command.ruleFacts(), failure: failureFacts(failure, reason) };
  const { action, decidedBy, edits } = rules.judge("ARRIVAL", facts);
  const rule = decidedBy.drop ?? decidedBy.quarantine ?? decidedBy.queue ?? "";
  return { command, reason, queue: action.queue ?? queue, action, edits, rule };
}

/** The facts about a stored message for rules: as it would be delivered, with its edits. */
export function envelopeFacts(
  { envelope, edits }: { envelope: Uint8Array; edits?: Uint8Array | undefined },
  place: Pick<RuleFacts["message"], "queue" | "priority">,
): RuleFacts["message"] {
  return messageFacts(decodeMessage(envelope, decodeEdits(edits)), place);
}

export function messageFacts(
  { payload, ...stored }: StoredMessage,
  { queue, priority }: Pick<RuleFacts["message"], "queue" | "priority">,
): RuleFacts["message"] {
  return {
    ...{ queue, priority, ...stored },
    payloadBytes: payloadBytes(payload),
    contentType: payload.contentType,
  };
}
