import type { DlqErrorKind } from "../core/errors.ts";
import type { Reason } from "../core/reason.ts";
import { REDACTED } from "../core/redaction/hidden-values.ts";
import { hidesFailures } from "../core/redaction/redaction.ts";
import type { QueueSettings } from "../core/settings.ts";

/** How a delivery ended, as metrics count it. */
export type AttemptStatus =
  | "succeeded"
  | "failed"
  | "released"
  | "expired"
  | "quarantined"
  | "discarded";

/** Why a message was removed that nobody processed: its time to live ended, or its quarantine. */
export type RemovalCause = "expired" | "retention";

/** Counts events for metrics. Calls are cheap and never throw. */
export interface Observer {
  /** A send became a new message. */
  accepted(queue: string, reason: Reason): void;
  /** A send failed. Without the queue, whose name may be a caller's invention. */
  refused(error: DlqErrorKind): void;
  /** A delivery ended; `n` of them if a batch did. */
  attempt(queue: string, status: AttemptStatus, n?: number): void;
  /** A message was removed, this long after it was accepted. */
  left(queue: string, ageMs: number): void;
  /** A message was removed that nobody processed. */
  removed(queue: string, cause: RemovalCause): void;
  /** Time from the lease to the reported outcome. */
  processed(queue: string, ms: number): void;
  /** Time from the due time to the delivery. */
  dueLag(queue: string, ms: number): void;
  /** A tick of a queue failed although the store answers. */
  tickFailed(queue: string): void;
}

/** Counts what is published. Calls are cheap and never throw. */
export interface EventObserver {
  eventsPublished(count: number): void;
  /** A try failed; it is repeated. */
  eventPublishFailed(): void;
  /** State changes were removed before they were published, or lost by the store after that. */
  eventsMissed(count: number): void;
}

/** The result of a move that a rule asked for. */
export type RuleMove =
  | "moved"
  /** The other queue refused it. */
  | "refused"
  /** Ignored: rules have moved the message too often. */
  | "circle";

/** Counts refused edits. Calls are cheap and never throw. */
export interface EditObserver {
  /** A queue's transforms were refused. */
  transformsRefused(queue: string): void;
  /** A rule's transforms were refused. */
  ruleFailed(rule: string): void;
}

/** Counts what routing rules do. Calls are cheap and never throw. */
export interface RuleObserver {
  /** Sets the names of the rules in force. Other names are no longer counted. */
  rulesInForce(names: readonly string[]): void;
  ruleMatched(rule: string): void;
  ruleFailed(rule: string): void;
  ruleMove(what: RuleMove): void;
}

/** A log. `facts` are the fields of a line. */
export interface Log {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
}

/**
 * The log of decisions, one line each, never a payload. Events of every message are logged at level
 * debug: at ten thousand a second they cost more than the decision.
 */
export interface DecisionLog extends Log {
  /** Lets callers skip the work for lines that would not be written. */
  isLevelEnabled(level: "debug"): boolean;
  debug(facts: object, message: string): void;
}

/** Characters of a failure's message in a log line. */
const MESSAGE_CHARS = 200;

/**
 * What failed, for a log line. The message is cut; it is whole in the store. If the queue hides values, the message may quote
 * them, so it is left out.
 */
export function failureForLog(
  { type, message }: { type: string; message: string },
  settings: Pick<QueueSettings, "redact">,
) {
  if (hidesFailures(settings)) return { type, message: message === "" ? "" : REDACTED };
  const cut = message.length > MESSAGE_CHARS ? `${message.slice(0, MESSAGE_CHARS)}…` : message;
  return { type, message: cut };
}

const SAME_AGAIN_MS = 60_000;
/** Names that are kept. Beyond, all are forgotten and may be logged again. */
const MOST = 1_000;

/**
 * Limits repeated log lines to one a minute for each name: an error may occur for every message.
 */
export class OnceAMinute {
  /** The wall clock. */
  readonly #now: () => number;
  readonly #loggedAtMs = new Map<string, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Reports whether to log it now. */
  isDue(name: string): boolean {
    const nowMs = this.#now();
    const last = this.#loggedAtMs.get(name);
    if (last !== undefined && Math.abs(nowMs - last) < SAME_AGAIN_MS) return false;
    if (this.#loggedAtMs.size >= MOST) this.#loggedAtMs.clear();
    this.#loggedAtMs.set(name, nowMs);
    return true;
  }
}
