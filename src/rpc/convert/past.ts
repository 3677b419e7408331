import { create, toBinary } from "@bufbuild/protobuf";
import {
  type Past,
  type PastFailure,
  PastFailureSchema,
  PastSchema,
} from "../../../gen/dlq/v1/dlq_service_pb.ts";
import type { PastFacts } from "../../app/commands.ts";
import { reasonOf } from "../../app/reason-of.ts";
import { readFailure } from "./failure.ts";
import { WIRE_LIMITS } from "./limits.ts";
import { readTimestampMs } from "./time.ts";
import type { Violations } from "./violations.ts";

const LIMIT = WIRE_LIMITS.past;

/** What happened to a message elsewhere: what decides on it here, and what is kept of it. */
export interface ReadPast {
  facts: PastFacts;
  /** Its failures categorized, and cut as every failure is. */
  stored: Past;
}

export function readPast(v: Violations, sent: Past | undefined): ReadPast | undefined {
  if (sent === undefined) return undefined;
  const { attempts, quarantined, firstFailureTime } = sent;
  if (attempts > LIMIT.attempts) {
    v.add("past.attempts", `is ${attempts}; it must be from 0 to ${LIMIT.attempts}`);
  }
  const firstFailureAtMs =
    firstFailureTime && readTime(v, "past.first_failure_time", firstFailureTime);
  if (firstFailureAtMs !== undefined && firstFailureAtMs < 0) {
    v.add("past.first_failure_time", "is before 1970");
  }
  sent.failures.forEach(({ time }, index) => {
    if (time !== undefined) readTime(v, `past.failures[${index}].time`, time);
  });
  const failures = latest(sent.failures);
  const stored = create(PastSchema, { attempts, failures, quarantined });
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
function latest(sent: readonly PastFailure[]): PastFailure[] {
  const kept: PastFailure[] = [];
  let bytes = 0;
  for (const { failure, time } of sent.slice(-LIMIT.failures).reverse()) {
    const read = readFailure(failure);
    const one = create(PastFailureSchema, { failure: read.stored(reasonOf(read)) });
    if (time !== undefined) one.time = time;
    bytes += toBinary(PastFailureSchema, one).length;
    if (bytes > LIMIT.failureBytes) break;
    kept.push(one);
  }
  return kept.reverse();
}
