import type { StoredState } from "../core/message.ts";
import { QUARANTINE_REASONS, REASONS } from "../core/reason.ts";
import { durationMs, instantMs } from "./times.ts";
import { FUNCTIONS, RECORDS, type Vocabulary } from "./vocabulary.ts";

/** What filters of stored messages may use. Names are those of StoredMessage in the contract. */
export const FILTER_VOCABULARY: Vocabulary = {
  variables: {
    message: "message",
    failure: "failure",
    payload: "long text",
    state: "string",
    quarantine_reason: "string",
    attempts: "int",
    delivery_count: "int",
    failure_count: "int",
    unknown_outcome_count: "int",
    size_bytes: "int",
    isolated: "bool",
    group_id: "string",
    create_time: "timestamp",
    state_time: "timestamp",
    due_time: "timestamp",
    expire_time: "timestamp",
    now: "timestamp",
  },
  records: { ...RECORDS, message: { id: "string", ...RECORDS.message } },
  functions: {
    ...FUNCTIONS,
    timestamp: {
      form: "function",
      on: (type) => type === "string",
      literal: instantMs,
      gives: "timestamp",
    },
    hour: { form: "function", on: (type) => type === "timestamp", gives: "string" },
    day: { form: "function", on: (type) => type === "timestamp", gives: "string" },
    duration: {
      form: "function",
      on: (type) => type === "string",
      literal: durationMs,
      gives: "duration",
    },
  },
  elsewhere: {},
  values: {
    state: ["SCHEDULED", "IN_FLIGHT", "QUARANTINED"] satisfies StoredState[],
    quarantine_reason: ["", ...Object.keys(QUARANTINE_REASONS)],
    "failure.reason": Object.keys(REASONS),
  },
};
