import { create, toBinary } from "@bufbuild/protobuf";
import {
  type ImportedFailure,
  ImportedFailureSchema,
  type ImportedHistory,
  ImportedHistorySchema,
} from "../../../gen/dlq/v1/dlq_service_pb.ts";
import type { ImportedHistoryFacts } from "../../app/commands.ts";
import { reasonOf } from "../../core/categorize.ts";
import { readFailure } from "./failure.ts";
import { WIRE_LIMITS } from "./limits.ts";
import { readTimestampMs } from "./time.ts";
import type { Violations } from "./violations.ts";

const LIMIT = WIRE_LIMITS.importedHistory;

/** What happened to a message elsewhere: what decides on it here, and what is kept of it. */
export interface ReadImportedHistory {
  facts: ImportedHistoryFacts;
  /** Its failures categorized, and cut as every failure is. */
  stored: ImportedHistory;
}

export function readImportedHistory(
  v: Violations,
  sent: ImportedHistory | undefined,
): ReadImportedHistory | undefined {
  if (sent === undefined) return undefined;
  const { attempts, quarantined, firstFailureTime } = sent;
  if (attempts > LIMIT.attempts) {
    v.add("imported_history.attempts", `is ${attempts}; it must be from 0 to ${LIMIT.attempts}`);
  }
  const firstFailureAtMs =
    firstFailureTime && readTime(v, "imported_history.first_failure_time", firstFailureTime);
  if (firstFailureAtMs !== undefined && firstFailureAtMs < 0) {
    v.add("imported_history.first_failure_time", "is before 1970");
  }
  sent.failures.forEach(({ time }, index) => {
    if (time !== undefined) readTime(v, `imported_history.failures[${index}].time`, time);
  });
  const failures = latest(sent.failures);
  const stored = create(ImportedHistorySchema, { attempts, failures, quarantined });
  if (firstFailureTime !== undefined) stored.firstFailureTime = firstFailureTime;
  return {
    facts: { attempts, failureCount: failures.length, firstFailureAtMs, quarantined },
    stored,
  };
}

/** Instants ahead of now are for whoever looks at them. */
function readTime(v: Violations, field: string, time: Parameters<typeof readTimestampMs>[2]) {
  return readTimestampMs(v, field, time, Number.POSITIVE_INFINITY, "");
}

/** As many of the latest as there is room for; oldest first. */
function latest(sent: readonly ImportedFailure[]): ImportedFailure[] {
  const kept: ImportedFailure[] = [];
  let bytes = 0;
  for (const { failure, time } of sent.slice(-LIMIT.failures).reverse()) {
    const read = readFailure(failure);
    const one = create(ImportedFailureSchema, { failure: read.stored(reasonOf(read)) });
    if (time !== undefined) one.time = time;
    bytes += toBinary(ImportedFailureSchema, one).length;
    if (bytes > LIMIT.failureBytes) break;
    kept.push(one);
  }
  return kept.reverse();
}
