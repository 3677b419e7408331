import type { CelInput } from "@bufbuild/cel";
import { type DlqEvent, EVENT_TYPE_NAMES } from "../core/event.ts";
import type { GoneState, StoredState } from "../core/message.ts";
import { QUARANTINE_REASONS, REASONS } from "../core/reason.ts";
import { compile, withoutStackTraces } from "./expression.ts";
import { FILTER_VOCABULARY } from "./filter-vocabulary.ts";
import { ExpressionError, type Vocabulary } from "./vocabulary.ts";

const STORED: readonly StoredState[] = ["SCHEDULED", "IN_FLIGHT", "QUARANTINED"];
const GONE: readonly GoneState[] = ["SUCCEEDED", "DISCARDED", "EXPIRED", "PURGED"];

/** What filters of events may use. Names of fields are those of events in NATS. */
export const EVENT_VOCABULARY: Vocabulary = {
  variables: {
    event_type: "string",
    queue_name: "string",
    message_id: "string",
    reason: "string",
    retry_count: "int",
    state: "string",
    quarantine_reason: "string",
    delivery_count: "int",
    timestamp: "timestamp",
    due_time: "timestamp",
    note: "string",
    other_queue: "string",
    breaker_key: "string",
    group_id: "string",
    source_id: "string",
    attributes: "map",
    action_type_id: "string",
    object_ids: "list of string",
    executed_by: "string",
  },
  records: FILTER_VOCABULARY.records,
  functions: FILTER_VOCABULARY.functions,
  elsewhere: { payload: "in filters of messages only", failure: "in filters of messages only" },
  values: {
    event_type: EVENT_TYPE_NAMES,
    reason: ["", ...Object.keys(REASONS)],
    state: ["", ...STORED, ...GONE],
    quarantine_reason: ["", ...Object.keys(QUARANTINE_REASONS)],
  },
};

/** Selects events. */
export interface EventFilter {
  readonly text: string;
  /** As in Expression. */
  readonly patternSteps: number;
  /** An expression that fails for an event does not match it. */
  matches(event: DlqEvent): boolean;
}

/** Compiles the text of a filter. Empty: it matches all. Throws an ExpressionError. */
export function compileEventFilter(text: string): EventFilter {
  if (text.trim() === "") return { text: "", patternSteps: 0, matches: () => true };
  const { checked, patternSteps, run } = compile(text, EVENT_VOCABULARY);
  if (checked.type !== "bool")
    throw new ExpressionError(`has type ${checked.type}; it must be bool`);
  return {
    ...{ text, patternSteps },
    matches: (event) => withoutStackTraces(() => run(bindingsOf(event))) === true,
  };
}

function bindingsOf(event: DlqEvent): Record<string, CelInput> {
  const { action, dueAtMs } = event;
  return {
    event_type: event.type,
    queue_name: event.queue,
    message_id: event.messageId,
    reason: event.reason ?? "",
    retry_count: BigInt(event.attempts),
    state: event.state ?? "",
    quarantine_reason: event.quarantineReason ?? "",
    delivery_count: BigInt(event.deliveries),
    timestamp: BigInt(event.atMs),
    ...(dueAtMs !== undefined && { due_time: BigInt(dueAtMs) }),
    note: event.note,
    other_queue: event.otherQueue,
    breaker_key: event.breakerKey,
    group_id: event.groupId,
    source_id: event.sourceId,
    attributes: new Map(Object.entries(event.attributes)),
    action_type_id: action?.actionTypeId ?? "",
    object_ids: [...(action?.objectIds ?? [])],
    executed_by: action?.executedBy ?? "",
  };
}
