import { create } from "@bufbuild/protobuf";
import {
  type RuleSample,
  type RuleTestResult,
  RuleTestResultSchema,
  type TestRulesRequest,
  type UpdateRulesRequest,
} from "../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import {
  RuleActionSchema,
  type RuleSet,
  RuleSetSchema,
  type RuleAction as WireAction,
  RuleEvent as WireEvent,
  type Rule as WireRule,
} from "../../../gen/dlq/v1/rule_pb.ts";
import type { RuleTest, RuleTestOutcome, RuleUpdate } from "../../app/rules/rule-admin.ts";
import { failureFacts } from "../../app/rules/rule-judge.ts";
import { wirePayload } from "../../codec/message.ts";
import { encodePolicy } from "../../codec/retry-settings.ts";
import { encodeTransform } from "../../codec/transform.ts";
import { reasonOf } from "../../core/categorize.ts";
import { DlqError, type FieldViolation } from "../../core/errors.ts";
import type { Transform } from "../../core/transform/transform.ts";
import type { RuleFacts } from "../../rules/facts.ts";
import type { Rule, RuleAction, RuleEvent } from "../../rules/rule.ts";
import { ruleViolations } from "../../rules/validate-rules.ts";
import { readFailure } from "./failure.ts";
import { WIRE_LIMITS } from "./limits.ts";
import { readPolicy } from "./retry-policy.ts";
import { readSend, type SendLimits } from "./send.ts";
import { readTransforms } from "./transform.ts";
import { checkCount, checkText, Violations } from "./violations.ts";

/** Prefix of field paths of RuleSet in requests. */
const PREFIX = "rule_set.";

const EVENTS: Readonly<Record<number, RuleEvent>> = {
  [WireEvent.ARRIVAL]: "ARRIVAL",
  [WireEvent.FAILURE]: "FAILURE",
};

export function readRulesUpdate({ ruleSet }: UpdateRulesRequest): RuleUpdate {
  const { etag, rules } = ruleSet ?? create(RuleSetSchema);
  const v = new Violations(PREFIX);
  checkText(v, "etag", etag, WIRE_LIMITS.etagBytes);
  readRules(v, rules);
  v.throwIfAny();
  return { etag, rules };
}

/**
 * Reads rules that were validated when they were set, maybe by another version. Throws if this
 * version cannot read them.
 */
export function readStoredRules({ rules }: RuleSet): Rule[] {
  const v = new Violations();
  const read = rules.map((rule, index) => readRule(v, rule, index));
  v.throwIfAny();
  return read;
}

export function readTest(request: TestRulesRequest, sendLimits: SendLimits): RuleTest {
  const v = new Violations();
  checkCount(v, "samples", request.samples.length, 1, WIRE_LIMITS.ruleSamples);
  v.throwIfAny();
  const own = new Violations(PREFIX);
  const rules = request.ruleSet && readRules(own, request.ruleSet.rules);
  const violations: FieldViolation[] = [...own.found];
  const samples = request.samples.flatMap((sample, index) => {
    const read = readSample(sample, `samples[${index}].`, sendLimits);
    if ("facts" in read) return [read];
    violations.push(...read.violations);
    return [];
  });
  for (const { field, description } of violations) v.add(field, description);
  v.throwIfAny();
  return { rules, samples };
}

/** Reads rules and collects all errors. */
function readRules(v: Violations, rules: readonly WireRule[]): Rule[] {
  const read = rules.map((rule, index) => readRule(v, rule, index));
  // Policies were checked when they were read.
  for (const { field, description } of ruleViolations(read, () => [])) v.add(field, description);
  return read;
}

function readRule(v: Violations, rule: WireRule, index: number): Rule {
  const field = `rules[${index}]`;
  const { name, when, proceed, disabled } = rule;
  const event = EVENTS[rule.event];
  if (event === undefined) {
    v.add(`${field}.event`, "is required: RULE_EVENT_ARRIVAL or RULE_EVENT_FAILURE");
  }
  const action = readAction(v, `${field}.action`, rule.action);
  // The event with more variables, so that the expression is checked anyway.
  return { name, event: event ?? "FAILURE", when, action, proceed, disabled };
}

/** Stands in for refused transforms, so that the action does not count as empty. */
const NO_EDIT: Transform = { target: "PAYLOAD", kind: "MERGE_PATCH", patch: "{}" };

function readAction(v: Violations, field: string, action: WireAction | undefined): RuleAction {
  if (action === undefined) return {};
  const { queue, priority, quarantine, drop, retryPolicy } = action;
  const transforms = readTransforms(v, `${field}.transforms`, action.transforms);
  const wereRefused = transforms.length === 0 && action.transforms.length > 0;
  return {
    ...{ queue, priority, quarantine, drop },
    retryPolicy: retryPolicy && readPolicy(v, `${field}.retry_policy`, retryPolicy),
    transforms: wereRefused ? [NO_EDIT] : transforms,
  };
}

type Sample = RuleTest["samples"][number];

function readSample(
  sample: RuleSample,
  prefix: string,
  sendLimits: SendLimits,
): Sample | { violations: readonly FieldViolation[] } {
  const v = new Violations(prefix);
  const event = EVENTS[sample.event];
  if (event === undefined) {
    v.add("event", "is required: RULE_EVENT_ARRIVAL or RULE_EVENT_FAILURE");
  }
  const onFailure = event === "FAILURE";
  if (!onFailure && sample.failure !== undefined) {
    v.add("failure", "is for RULE_EVENT_FAILURE; on arrival it is message.failure");
  }
  if (!onFailure && sample.attempts > 0) v.add("attempts", "is for RULE_EVENT_FAILURE");
  if (sample.message === undefined) v.add("message", "is required");
  if (sample.message === undefined || v.any) return { violations: v.found };
  try {
    const command = readSend(sample.message, sendLimits, `${prefix}message.`);
    const failure = onFailure ? readFailure(sample.failure) : command.failure;
    const facts: RuleFacts = {
      message: command.ruleFacts(),
      failure: failureFacts(failure, reasonOf(failure)),
      ...(onFailure ? { attempts: Math.max(1, sample.attempts) } : {}),
    };
    const encodeEnvelope = () => command.encodeEnvelope(reasonOf(command.failure));
    return { event: event as RuleEvent, facts, encodeEnvelope };
  } catch (error) {
    if (error instanceof DlqError && error.detail.kind === "INVALID") {
      return { violations: error.detail.violations };
    }
    throw error;
  }
}

export function writeOutcome(
  { matched, failed, action, edited }: RuleTestOutcome,
  sample: RuleSample | undefined,
): RuleTestResult {
  const transformed = edited &&
    sample?.message && {
      ...sample.message,
      payload: wirePayload(edited.payload),
      attributes: { ...edited.attributes },
    };
  return create(RuleTestResultSchema, {
    matched: [...matched],
    failed: failed.map(({ rule, error }) => ({ rule, error })),
    action: writeAction(action),
    ...(transformed ? { transformed } : {}),
  });
}

function writeAction(action: RuleAction): WireAction {
  const { queue, retryPolicy, priority, quarantine, drop, transforms = [] } = action;
  return create(RuleActionSchema, {
    queue: queue ?? "",
    quarantine: quarantine ?? false,
    drop: drop ?? false,
    transforms: transforms.map(encodeTransform),
    ...(priority === undefined ? {} : { priority }),
    ...(retryPolicy === undefined ? {} : { retryPolicy: encodePolicy(retryPolicy) }),
  });
}
