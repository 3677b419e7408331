import { randomBytes } from "node:crypto";
import { areSameRules, encodeRuleSet, type RuleSet } from "../../codec/rule-set.ts";
import { UNREADABLE_ETAG } from "../../codec/unreadable.ts";
import { aborted, staleEtag } from "../../core/errors.ts";
import type { MessageContent } from "../../core/message.ts";
import { type TransformLimits, transformLimits } from "../../core/transform/editable.ts";
import { CompiledRules, type RuleDecision } from "../../rules/compiled-rules.ts";
import type { RuleFacts } from "../../rules/facts.ts";
import type { Rule, RuleEvent } from "../../rules/rule.ts";
import type { Store } from "../../store/contract.ts";
import type { Caller } from "../commands.ts";
import { EditBudget, groupsOfRules, planGroups } from "../edits/plan-edits.ts";
import type { DecisionLog } from "../observer.ts";
import { nextTurn } from "../timers.ts";
import { RULES, type RulesInForce } from "./rules-in-force.ts";

export interface RuleUpdate {
  /** Empty: any. */
  etag: string;
  /** The complete set, already validated. */
  rules: RuleSet["rules"];
  caller?: Caller;
}

export interface RuleTest {
  /** Undefined: the rules in force. */
  rules: readonly Rule[] | undefined;
  samples: readonly RuleSample[];
}

export interface RuleSample {
  event: RuleEvent;
  facts: RuleFacts;
  /** `dlq.storage.v1.Envelope` bytes, for transforms. */
  encodeEnvelope(): Uint8Array;
}

export interface RuleTestOutcome extends RuleDecision {
  /** The message after transforms; absent if nothing changed. */
  edited?: MessageContent;
}

/** The use cases for routing rules. Each rejects with a DlqError; or, if its signal aborts, with the signal's reason. */
export interface RuleAdmin {
  get(): Promise<RuleSet>;
  update(update: RuleUpdate): Promise<RuleSet>;
  /** Returns one decision for each sample, in order. Stops when the signal aborts. */
  test(test: RuleTest, signal?: AbortSignal): Promise<RuleTestOutcome[]>;
}

export interface RuleAdminParts {
  store: Pick<Store, "deployment">;
  inForce: RulesInForce;
  log: Pick<DecisionLog, "info">;
  /** Largest payload of a message, in bytes. */
  payloadMaxBytes?: number;
}

/** Attempts when other changes come in between. */
const TRIES = 5;

export function createRuleAdmin(parts: RuleAdminParts): RuleAdmin {
  const { store, inForce } = parts;
  return {
    async get() {
      await store.deployment.refresh();
      return inForce.stored();
    },

    async update(update) {
      await applyUpdate(parts, update);
      return inForce.stored();
    },

    async test({ rules, samples }, signal) {
      if (rules === undefined) await store.deployment.refresh();
      const compiled = rules === undefined ? inForce.current() : new CompiledRules(rules);
      const limits = transformLimits(parts.payloadMaxBytes);
      const budget = new EditBudget();
      const outcomes: RuleTestOutcome[] = [];
      for (const sample of samples) {
        signal?.throwIfAborted();
        outcomes.push(await tryOn(sample, compiled, limits, budget));
        // A hundred rules on a hundred samples must not block other calls.
        await nextTurn();
      }
      return outcomes;
    },
  };
}

async function tryOn(
  sample: RuleSample,
  rules: CompiledRules,
  limits: TransformLimits,
  budget: EditBudget,
): Promise<RuleTestOutcome> {
  const decision = rules.evaluate(sample.event, sample.facts);
  if (decision.edits.length === 0) return decision;
  const groups = groupsOfRules(decision.edits);
  const stored = { envelope: sample.encodeEnvelope(), edits: undefined };
  const context = { limits, atMs: 0, limiterKeyOf: () => "" };
  const { after, refused } = await planGroups(stored, groups, context, budget);
  const failures = refused.map(({ source, detail }) => ({
    rule: "rule" in source ? source.rule : "",
    error: detail,
  }));
  return {
    ...decision,
    failed: [...decision.failed, ...failures],
    ...(after === undefined ? {} : { edited: after }),
  };
}

/**
 * If nothing would change, the call succeeds whatever the etag, so that it can be repeated after a
 * lost answer.
 */
async function applyUpdate(
  parts: RuleAdminParts,
  { etag, rules, caller }: RuleUpdate,
): Promise<void> {
  const { store, inForce, log } = parts;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    await store.deployment.refresh();
    const seen = store.deployment.get(RULES);
    const present = inForce.stored();
    if (areSameRules(rules, present.rules) && present.etag !== UNREADABLE_ETAG) return;
    if (etag !== "" && etag !== present.etag) throw staleEtag("the set of routing rules");
    const next = randomBytes(8).toString("hex");
    const encode = (nowMs: number) => encodeRuleSet(rules, next, nowMs);
    if (await store.deployment.replace(RULES, seen, encode)) {
      log.info({ rules: rules.length, caller }, "routing rules updated");
      await store.deployment.refresh();
      return;
    }
  }
  throw aborted(200, "the set of routing rules");
}
