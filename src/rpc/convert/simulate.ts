import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type SimulatedAttempt,
  SimulatedAttemptSchema,
  SimulatedBucketSchema,
  SimulatedQueueSchema,
  type SimulatePolicyRequest,
  type SimulatePolicyResponse,
  SimulatePolicyResponseSchema,
  type SimulatedQueue as WireQueue,
} from "../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import type { RetryPolicy as WirePolicy } from "../../../gen/dlq/v1/message_pb.ts";
import type { SimulateCommand, Simulation } from "../../app/simulate.ts";
import type { ConfigError } from "../../config/config-error.ts";
import { resolveQueue } from "../../config/resolve-queue.ts";
import type { PolicyDraft } from "../../config/retry-policy.ts";
import { type FieldViolation, invalid } from "../../core/errors.ts";
import { REASON_NAMES, reasonFromNumber } from "../../core/reason.ts";
import type { QueueSettings } from "../../core/settings.ts";
import type { SimulatedQueue, SimulatedSchedule } from "../../core/simulate.ts";
import { DAY_MS } from "../../core/time-units.ts";
import { readDraft } from "./queue-config.ts";
import { writePolicy } from "./retry-policy.ts";
import { readTimestampMs } from "./time.ts";
import { checkQueue, Violations } from "./violations.ts";

/** The longest delay. */
const AHEAD_MS = 3650 * DAY_MS;

export function readSimulate(request: SimulatePolicyRequest, nowMs: number): SimulateCommand {
  const v = new Violations();
  checkQueue(v, "queue", request.queue);
  const reason = request.reason === 0 ? "UNKNOWN_ERROR" : reasonFromNumber(request.reason);
  if (reason === undefined)
    v.add("reason", `is ${request.reason}; it must be one of ${REASON_NAMES.join(", ")}`);
  const draft = request.retryPolicy && readDraftPolicy(v, request.retryPolicy);
  const startAtMs = readStart(v, request, nowMs);
  v.throwIfAny();
  return {
    queue: request.queue,
    settings: (inForce) => (draft === undefined ? inForce : withPolicy(inForce, draft)),
    reason: reason ?? "UNKNOWN_ERROR",
    startAtMs,
    stored: !request.skipStored,
  };
}

function readDraftPolicy(v: Violations, policy: WirePolicy): PolicyDraft | undefined {
  const found: FieldViolation[] = [];
  const draft = readDraft("retry_policy", policy, found);
  for (const { field, description } of found) v.add(field, description);
  return draft;
}

function readStart(
  v: Violations,
  { startTime }: SimulatePolicyRequest,
  nowMs: number,
): number | undefined {
  if (startTime === undefined) return undefined;
  if (startTime.seconds < 0n) v.add("start_time", "is before 1970");
  return readTimestampMs(v, "start_time", startTime, nowMs + AHEAD_MS, "3650 days");
}

/** Returns the settings with only this retry policy set. */
function withPolicy(inForce: QueueSettings, retryPolicy: PolicyDraft): QueueSettings {
  const errors: ConfigError[] = [];
  const layer = { simple: {}, sources: new Map(), retryPolicy, retryPolicies: new Map() };
  const settings = resolveQueue(inForce, layer, errors);
  if (errors.length === 0) return settings;
  throw invalid(
    errors.map(({ setting, problem, hint }) => ({
      field: setting,
      description: hint === undefined ? problem : `${problem}; ${hint}`,
    })),
  );
}

export function writeSimulation({ policy, schedule, stored }: Simulation): SimulatePolicyResponse {
  const response = create(SimulatePolicyResponseSchema);
  response.retryPolicy = writePolicy(policy);
  response.attempts = schedule.attempts.map(writeAttempt);
  response.truncated = schedule.truncated;
  if (stored !== undefined) response.stored = writeStored(stored);
  return response;
}

function writeAttempt(one: SimulatedSchedule["attempts"][number]): SimulatedAttempt {
  return create(SimulatedAttemptSchema, {
    attempt: one.attempt,
    delay: durationFromMs(one.delayMs),
    minDelay: durationFromMs(one.minDelayMs),
    maxDelay: durationFromMs(one.maxDelayMs),
    dueTime: timestampFromMs(one.dueAtMs),
  });
}

function writeStored({ examinedCount, retried, quarantinedCount }: SimulatedQueue): WireQueue {
  return create(SimulatedQueueSchema, {
    examinedCount: BigInt(examinedCount),
    retried: retried.map(({ withinMs, count }) =>
      create(SimulatedBucketSchema, { within: durationFromMs(withinMs), count: BigInt(count) }),
    ),
    quarantinedCount: BigInt(quarantinedCount),
  });
}
