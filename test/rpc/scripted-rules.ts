import { create } from "@bufbuild/protobuf";
import { type RuleSet, RuleSetSchema } from "../../gen/dlq/v1/rule_pb.ts";
import type {
  RuleAdmin,
  RuleTest,
  RuleTestOutcome,
  RuleUpdate,
} from "../../src/app/rules/rule-admin.ts";

/** Scripted rules that record their calls. */
export class ScriptedRules implements RuleAdmin {
  set: RuleSet = create(RuleSetSchema);
  decision: RuleTestOutcome = { matched: [], failed: [], action: {}, decidedBy: {}, edits: [] };
  readonly updates: RuleUpdate[] = [];
  readonly tests: RuleTest[] = [];

  async get() {
    return this.set;
  }

  async update(update: RuleUpdate) {
    this.updates.push(update);
    this.set = create(RuleSetSchema, { rules: update.rules, etag: "e" });
    return this.set;
  }

  async test(test: RuleTest) {
    this.tests.push(test);
    return test.samples.map(() => this.decision);
  }
}
