import type { Reason } from "../core/reason.ts";

/** How a delivery ended, as metrics count it. */
export type AttemptStatus =
  | "succeeded"
  | "failed"
  | "released"
  | "expired"
  | "quarantined"
  | "discarded";

/** Who counts what happens. Calls are cheap and never throw. */
export interface Observer {
  accepted(queue: string, reason: Reason): void;
  attempt(queue: string, status: AttemptStatus, n?: number): void;
  left(queue: string, ageMs: number): void;
  processed(queue: string, ms: number): void;
  dueLag(queue: string, ms: number): void;
}

/** What became of a move that a rule asked for. */
export type RuleMove =
  | "moved"
  /** The other queue did not take it. */
  | "refused"
  /** Rules have moved it so often that this one is ignored. */
  | "circle";

/** Who counts edits that could not be made. Calls are cheap and never throw. */
export interface EditObserver {
  /** Transforms of a queue. */
  transformsRefused(queue: string): void;
  /** A rule's. */
  ruleFailed(rule: string): void;
}

/** Who counts what routing rules do. Calls are cheap and never throw. */
export interface RuleObserver {
  /** The names of the rules in force: others are not counted by name any more. */
  rulesInForce(names: readonly string[]): void;
  ruleMatched(rule: string): void;
  ruleFailed(rule: string): void;
  ruleMove(what: RuleMove): void;
}

/**
 * Where decisions are told, one line each; never a payload. What happens to every message is
 * debug: at ten thousand a second nobody reads it, and writing it costs more than deciding it.
 */
export interface DecisionLog {
  /** For lines of every message: their facts are only put together when somebody wants them. */
  isLevelEnabled(level: "debug"): boolean;
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
}
