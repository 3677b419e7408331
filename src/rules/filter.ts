import { type Bindings, compile, withoutStackTraces } from "./expression.ts";
import { type RuleFacts, record, recordsOf } from "./facts.ts";
import { FILTER_VOCABULARY } from "./filter-vocabulary.ts";
import { type Narrowing, narrowingOf } from "./narrowing.ts";
import { textOf } from "./times.ts";
import { ExpressionError, isScalar } from "./vocabulary.ts";

/** What the stored state of a message says: all that can be known without reading its content. */
export interface StateFacts {
  id: string;
  queue: string;
  priority: number;
  /** Empty: it has none, or its queue had no order when it arrived. */
  orderingKey: string;
  /** Of its latest failure. */
  reason: string;
  state: string;
  /** Empty: it is not in quarantine. */
  quarantineReason: string;
  attempts: number;
  deliveryCount: number;
  failureCount: number;
  unknownOutcomeCount: number;
  sizeBytes: number;
  isolated: boolean;
  /** The id of its group. Empty: it is in none. */
  groupId: string;
  createdAtMs: number;
  sinceMs: number;
  dueAtMs: number;
  /** Undefined: never. */
  expireAtMs: number | undefined;
}

/** What the content of a message says. */
export interface ContentFacts extends Pick<RuleFacts, "message" | "failure"> {
  /** Returns the payload as text. */
  payload(): string;
}

/** Selects stored messages. An expression that is absent or fails for a message does not match it. */
export interface Filter {
  /** What the store can select by: nothing else matches. */
  readonly narrowing: Narrowing;
  /** As in Expression. */
  readonly patternSteps: number;
  /** Undefined: it depends on the content. */
  matchesState(state: StateFacts, nowMs: number): boolean | undefined;
  matches(state: StateFacts, content: () => ContentFacts, nowMs: number): boolean;
}

const ALL: Filter = {
  narrowing: {},
  patternSteps: 0,
  matchesState: () => true,
  matches: () => true,
};

/** Compiles the text of a filter. Empty: it matches all. Throws an ExpressionError. */
export function compileFilter(text: string): Filter {
  if (text.trim() === "") return ALL;
  const { checked, patternSteps, run, root } = compile(text, FILTER_VOCABULARY);
  const { type, reads, testsFields } = checked;
  if (type !== "bool") throw new ExpressionError(`has type ${type}; it must be bool`);
  const needsContent = !isOfState(reads);
  return {
    ...{ narrowing: narrowingOf(root), patternSteps },
    matchesState(state, nowMs) {
      // A field that is not read yet would seem to be absent.
      if (needsContent && testsFields) return undefined;
      const outcome = withoutStackTraces(() => run(stateBindings(state, nowMs)));
      // What reads the content fails here, and && and || ignore a side that fails if the other decides.
      return needsContent && typeof outcome !== "boolean" ? undefined : outcome === true;
    },
    matches(state, content, nowMs) {
      const bindings = needsContent
        ? allBindings(reads, state, content(), nowMs)
        : stateBindings(state, nowMs);
      return withoutStackTraces(() => run(bindings)) === true;
    },
  };
}

/** A value of stored messages, as text. */
export interface MessageValue {
  /** Whether the state of a message is enough for `ofState`. */
  readonly isOfState: boolean;
  ofState(state: StateFacts, nowMs: number): string;
  of(state: StateFacts, content: ContentFacts, nowMs: number): string;
}

/**
 * Compiles the text of a value. It is empty for a message that lacks it, or for which it fails; a long one is cut. Throws an
 * ExpressionError.
 */
export function compileValue(text: string): MessageValue {
  const { checked, run } = compile(text, FILTER_VOCABULARY);
  const { type, reads } = checked;
  if (!isScalar(type) || type === "duration") {
    throw new ExpressionError(`has type ${type}; it must be a text, a number, a bool or a time`);
  }
  const evaluated = (bindings: Bindings): string => {
    const result = withoutStackTraces(() => run(bindings));
    if (typeof result === "object") return "";
    return short(type === "timestamp" ? textOf(Number(result)) : String(result));
  };
  return {
    isOfState: isOfState(reads),
    ofState: (state, nowMs) => evaluated(stateBindings(state, nowMs)),
    of: (state, content, nowMs) => evaluated(allBindings(reads, state, content, nowMs)),
  };
}

/** Characters of a value; longer ones are cut. */
export const VALUE_LENGTH = 128;

function short(value: string): string {
  return value.length <= VALUE_LENGTH ? value : `${value.slice(0, VALUE_LENGTH - 1)}…`;
}

/** What is known without the content. */
const STATE_READS: ReadonlySet<string> = new Set([
  ...Object.keys(FILTER_VOCABULARY.variables).filter((name) => name !== "payload"),
  ...["message.id", "message.queue", "message.priority", "failure.reason"],
]);

function isOfState(reads: ReadonlySet<string>): boolean {
  return [...reads].every((name) => STATE_READS.has(name));
}

function allBindings(
  reads: ReadonlySet<string>,
  state: StateFacts,
  { message, failure, payload }: ContentFacts,
  nowMs: number,
): Bindings {
  const bindings = {
    ...stateBindings(state, nowMs),
    ...recordsOf({ message, failure }, { id: state.id }),
  };
  return reads.has("payload") ? { ...bindings, payload: payload() } : bindings;
}

function stateBindings(state: StateFacts, nowMs: number): Bindings {
  const { id, queue, priority, orderingKey, reason, expireAtMs } = state;
  return {
    message: record({
      ...{ id, queue, priority: BigInt(priority) },
      ...(orderingKey !== "" && { ordering_key: orderingKey }),
    }),
    failure: record({ reason }),
    state: state.state,
    quarantine_reason: state.quarantineReason,
    attempts: BigInt(state.attempts),
    delivery_count: BigInt(state.deliveryCount),
    failure_count: BigInt(state.failureCount),
    unknown_outcome_count: BigInt(state.unknownOutcomeCount),
    size_bytes: BigInt(state.sizeBytes),
    isolated: state.isolated,
    group_id: state.groupId,
    create_time: BigInt(state.createdAtMs),
    state_time: BigInt(state.sinceMs),
    due_time: BigInt(state.dueAtMs),
    ...(expireAtMs !== undefined && { expire_time: BigInt(expireAtMs) }),
    now: BigInt(nowMs),
  };
}
