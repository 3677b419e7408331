import type { SendCommand } from "../../../src/app/commands.ts";
import type { RuleMove, RuleObserver } from "../../../src/app/observer.ts";
import { RuleJudge } from "../../../src/app/rules/rule-judge.ts";
import { CompiledRules } from "../../../src/rules/compiled-rules.ts";
import type { Rule, RuleAction } from "../../../src/rules/rule.ts";
import { factsWith } from "../../rules/facts.ts";
import { ruleWith } from "../../rules/rules.ts";

/** Counts and log lines of rules. */
export class RuleRecorder implements RuleObserver {
  inForce: readonly string[] = [];
  readonly matched: string[] = [];
  readonly failed: string[] = [];
  readonly moves: RuleMove[] = [];
  readonly lines: { level: string; message: string; facts: Record<string, unknown> }[] = [];

  rulesInForce(names: readonly string[]) {
    this.inForce = names;
  }
  ruleMatched(rule: string) {
    this.matched.push(rule);
  }
  ruleFailed(rule: string) {
    this.failed.push(rule);
  }
  ruleMove(what: RuleMove) {
    this.moves.push(what);
  }

  readonly log = {
    isLevelEnabled: () => true,
    debug: (facts: object, message: string) => this.#write("debug", facts, message),
    info: (facts: object, message: string) => this.#write("info", facts, message),
    warn: (facts: object, message: string) => this.#write("warn", facts, message),
  };

  #write(level: string, facts: object, message: string): void {
    this.lines.push({ level, message, facts: { ...facts } });
  }
}

/** A rule with its expression and action. */
export function rule(when: string, action: RuleAction, parts: Partial<Rule> = {}): Rule {
  return ruleWith({ name: "r", event: "ARRIVAL", when, action, ...parts });
}

/** A RuleJudge with rules that a test can replace. */
export function judgeOver(recorder: RuleRecorder, now: () => number = () => 0) {
  let compiled = new CompiledRules([]);
  const judge = new RuleJudge({
    rules: { current: () => compiled },
    observer: recorder,
    log: recorder.log,
    now,
  });
  return {
    judge,
    set(...rules: readonly Rule[]) {
      compiled = new CompiledRules(rules);
    },
  };
}

/** A dead letter as the transport reads it. */
export function command(over: Partial<SendCommand> = {}): SendCommand {
  const queue = over.queue ?? "orders";
  return {
    requestId: "",
    queue,
    payloadBytes: 2,
    encodeEnvelope: () => new Uint8Array(8),
    failure: {
      reason: "TIMEOUT",
      ...{ type: "TimeoutError", message: "late", attributes: {} },
      ...{
        stackTrace: "",
        fingerprint: "",
        grpcCode: undefined,
        httpStatus: undefined,
        encode: () => new Uint8Array(8),
      },
    },
    ...{ sourceId: "", dedupKey: "", payloadHash: new Uint8Array(16), priority: 0 },
    ...{ orderingKey: "", delayMs: undefined, dueAtMs: undefined, ttlMs: undefined, retry: {} },
    attribute: () => undefined,
    payload: () => undefined,
    ruleFacts: () => factsWith({ queue, sourceId: over.sourceId ?? "" }).message,
    ...over,
  };
}
