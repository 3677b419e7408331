import { Jitter, type RetryPolicy as WirePolicy } from "../../../gen/dlq/v1/message_pb.ts";
import type { MessageRetry, PolicyOverride } from "../../core/policy.ts";
import { PRESETS, type PresetName } from "../../core/presets.ts";
import type { RetryPolicy } from "../../core/settings.ts";
import { WIRE_LIMITS } from "./limits.ts";
import { readDurationMs } from "./time.ts";
import type { Violations } from "./violations.ts";

const FIELD = "retry_policy";

/** A message's own say in its retries. */
export function readRetry(
  v: Violations,
  maxRetries: number | undefined,
  policy: WirePolicy | undefined,
): MessageRetry {
  checkRetries(v, "max_retries", maxRetries);
  return { maxRetries, policy: policy === undefined ? undefined : readPolicy(v, policy) };
}

function readPolicy(v: Violations, policy: WirePolicy): PolicyOverride {
  const delayMax = WIRE_LIMITS.retryDelayMs;
  const initialDelayMs = readDurationMs(
    v,
    `${FIELD}.initial_delay`,
    policy.initialDelay,
    0,
    delayMax,
  );
  const maxDelayMs = readDurationMs(v, `${FIELD}.max_delay`, policy.maxDelay, 0, delayMax);
  if (initialDelayMs !== undefined && maxDelayMs !== undefined && maxDelayMs < initialDelayMs) {
    v.add(`${FIELD}.max_delay`, `is shorter than ${FIELD}.initial_delay; raise it or leave it out`);
  }
  checkRetries(v, `${FIELD}.max_retries`, policy.maxRetries);
  const { multiplier } = policy;
  if (multiplier !== undefined && !(multiplier >= 1 && multiplier <= WIRE_LIMITS.multiplier)) {
    v.add(
      `${FIELD}.multiplier`,
      `is ${multiplier}; it must be from 1 to ${WIRE_LIMITS.multiplier}`,
    );
  }
  if (policy.preset !== "" && !isPreset(policy.preset)) {
    v.add(`${FIELD}.preset`, `is none of ${Object.keys(PRESETS).join(", ")}`);
  }
  return {
    preset: isPreset(policy.preset) ? policy.preset : undefined,
    maxRetries: policy.maxRetries,
    initialDelayMs,
    maxDelayMs,
    multiplier,
    jitter: readJitter(v, policy.jitter),
  };
}

function readJitter(v: Violations, jitter: Jitter): RetryPolicy["jitter"] | undefined {
  switch (jitter) {
    case Jitter.UNSPECIFIED:
      return undefined;
    case Jitter.NONE:
      return "none";
    case Jitter.SEED:
      return "seed";
    default:
      v.add(`${FIELD}.jitter`, "is not a value of dlq.v1.Jitter that this server knows");
      return undefined;
  }
}

function checkRetries(v: Violations, field: string, value: number | undefined): void {
  if (value !== undefined && value > WIRE_LIMITS.retries) {
    v.add(field, `is ${value}; at most ${WIRE_LIMITS.retries} are allowed`);
  }
}

function isPreset(name: string): name is PresetName {
  return Object.hasOwn(PRESETS, name);
}
