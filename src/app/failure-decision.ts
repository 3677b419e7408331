import { decodeRetrySettings, encodeRetrySettings } from "../codec/retry-settings.ts";
import { reasonOf } from "../core/categorize.ts";
import { createdAtMs } from "../core/message-id.ts";
import type { MessageRetry } from "../core/policy.ts";
import type { Reason } from "../core/reason.ts";
import { hidesFailures } from "../core/redaction/redaction.ts";
import type { QueueSettings } from "../core/settings.ts";
import { failureVerdict, type Verdict } from "../core/verdict.ts";
import type { RuleDecision } from "../rules/compiled-rules.ts";
import { moveOf } from "../rules/merge-actions.ts";
import type { Examined, SettleItem } from "../store/contract.ts";
import type { FailureRecord, OutcomeCommand } from "./commands.ts";
import type { DecidedOutcome } from "./edits/automatic-edits.ts";
import { groupsOfRules } from "./edits/plan-edits.ts";
import type { GroupOf } from "./groups/failure-group.ts";
import { envelopeFacts, failureFacts, type RuleJudge } from "./rules/rule-judge.ts";

/** What an outcome does to a message, and why. */
export interface Decision extends DecidedOutcome {
  why: string;
  /** Of the outcome `failed`, for the log. */
  failure?: FailureRecord;
}

export interface FailureParts {
  settingsOf(queue: string): QueueSettings;
  /** Uniform in [0, 1). */
  random(): number;
  /** The wall clock. */
  now(): number;
  /** Absent: messages are in no groups. */
  groupOf?: GroupOf;
  /** Absent: there are no rules. */
  rules?: Pick<RuleJudge, "hasRulesFor" | "judge" | "reportCircle">;
}

type Failed = OutcomeCommand & { kind: "failed" };

type Ruling = Pick<RuleDecision, "action" | "decidedBy" | "edits">;

const NO_RULING: Ruling = { action: {}, decidedBy: {}, edits: [] };

/**
 * Decides on the outcome `failed`: first the rules apply, then the settings of the queue that they
 * choose.
 */
export function decideFailure(outcome: Failed, facts: Examined, parts: FailureParts): Decision {
  const decided = decide(outcome, facts, parts);
  return { ...decided, item: { ...decided.item, decision: decided.why } };
}

function decide(outcome: Failed, facts: Examined, parts: FailureParts): Decision {
  const { token, failure } = outcome;
  const reason = reasonOf(failure);
  const { action, decidedBy, edits: ruledEdits } = applyRules(outcome, facts, reason, parts);
  const ofRules = groupsOfRules(ruledEdits);
  const settings = parts.settingsOf(token.queue);
  const group = parts.groupOf?.(failure, reason, hidesFailures(settings));
  const item = {
    token,
    version: facts.version,
    reason,
    failure: failure.encode(reason),
    ...(group === undefined ? {} : { group }),
    countsForBreaker: settings.breaker !== "off" && settings.breakerReasons.includes(reason),
  };
  if (action.drop) {
    const rule = decidedBy.drop ?? "";
    return {
      item: { ...item, kind: "failDiscard", note: rule },
      why: `rule ${rule} drops it`,
      failure,
    };
  }

  const sent = decodeRetrySettings(facts.retrySettings);
  const own = action.retryPolicy ? { ...sent, rulePolicy: action.retryPolicy } : sent;
  const changes: Partial<SettleItem> = {
    ...(action.priority === undefined ? {} : { priority: action.priority }),
    ...(action.retryPolicy === undefined ? {} : { retrySettings: encodeRetrySettings(own) }),
  };
  const verdictIn = (queue: string): Verdict =>
    action.quarantine
      ? {
          kind: "quarantine",
          quarantineReason: "RULE",
          why: `rule ${decidedBy.quarantine} quarantines it`,
        }
      : verdictOf(outcome, facts, reason, own, parts.settingsOf(queue), parts);

  const here = verdictIn(token.queue);
  const move = moveOf(action, token.queue, facts.hops);
  if (move.kind === "circle")
    parts.rules?.reportCircle(decidedBy.queue ?? "", token.queue, move.queue);
  if (move.kind !== "move") {
    const note = action.quarantine ? { note: decidedBy.quarantine ?? "" } : {};
    const isRetried = here.kind === "reschedule" && settings.transforms.length > 0;
    const ofQueue = { source: { queue: token.queue }, transforms: settings.transforms };
    const edits = isRetried ? [...ofRules, ofQueue] : ofRules;
    return {
      item: { ...item, ...changes, ...asItem(here), ...note },
      why: here.why,
      failure,
      ...(edits.length > 0 ? { edits } : {}),
    };
  }
  const there = verdictIn(move.queue);
  return {
    item: {
      ...item,
      ...changes,
      ...asItem(there),
      kind: "failMove",
      note: decidedBy.queue ?? "",
      move: { target: move.queue, ifRefused: ifRefused(here) },
    },
    why: `rule ${decidedBy.queue} moves it to ${move.queue}; ${there.why}`,
    failure,
    ...(ofRules.length > 0 ? { edits: ofRules } : {}),
  };
}

function applyRules(
  { token, failure }: Failed,
  { envelope, edits, attempts, priority }: Examined,
  reason: Reason,
  { rules }: FailureParts,
): Ruling {
  // The lease is lost: nothing will be applied.
  if (rules === undefined || envelope === undefined) return NO_RULING;
  return rules.judge("FAILURE", {
    message: envelopeFacts({ envelope, edits }, { queue: token.queue, priority }),
    failure: failureFacts(failure, reason),
    attempts: attempts + 1,
  });
}

function verdictOf(
  { token, failure, nonRetryable, retryAfterMs }: Failed,
  facts: Examined,
  reason: Reason,
  own: MessageRetry,
  settings: QueueSettings,
  { now, random }: FailureParts,
): Verdict {
  return failureVerdict({
    attempts: facts.attempts + 1,
    roundStartedAtMs: facts.roundStartedAtMs ?? createdAtMs(token.messageId),
    previousDelayMs: facts.lastDelayMs,
    reason,
    type: failure.type,
    retryAfter: failure,
    nonRetryable,
    poisoned: facts.poisoned,
    retryAfterMs,
    settings,
    own,
    nowMs: now(),
    random: random(),
  });
}

function asItem(verdict: Verdict): Pick<SettleItem, "kind"> & Partial<SettleItem> {
  return verdict.kind === "reschedule"
    ? {
        kind: "failReschedule",
        delayMs: verdict.delayMs,
        rememberDelay: verdict.growsOn ?? false,
      }
    : { kind: "failQuarantine", quarantineReason: verdict.quarantineReason };
}

/** What happens to the message in this queue if the other one refuses it. */
function ifRefused(verdict: Verdict) {
  return verdict.kind === "reschedule"
    ? { delayMs: verdict.delayMs }
    : { delayMs: 0, quarantineReason: verdict.quarantineReason };
}
