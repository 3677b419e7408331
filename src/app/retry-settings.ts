import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { durationFromMs, durationMs } from "@bufbuild/protobuf/wkt";
import { RetrySettingsSchema } from "../../gen/dlq/storage/v1/envelope_pb.ts";
import { Jitter, type RetryPolicy, RetryPolicySchema } from "../../gen/dlq/v1/message_pb.ts";
import type { MessageRetry, PolicyOverride } from "../core/policy.ts";
import { PRESETS, type PresetName } from "../core/presets.ts";

const NOTHING = new Uint8Array();

/** A message's own say in its retries, as the store keeps it beside its state. Mostly nothing. */
export function encodeRetrySettings(retry: MessageRetry): Uint8Array {
  if (retry.maxRetries === undefined && retry.policy === undefined) return NOTHING;
  const settings = create(RetrySettingsSchema);
  if (retry.maxRetries !== undefined) settings.maxRetries = retry.maxRetries;
  if (retry.policy !== undefined) settings.policy = toPolicy(retry.policy);
  return toBinary(RetrySettingsSchema, settings);
}

export function decodeRetrySettings(bytes: Uint8Array): MessageRetry {
  if (bytes.length === 0) return {};
  const { maxRetries, policy } = fromBinary(RetrySettingsSchema, bytes);
  return { maxRetries, policy: policy === undefined ? undefined : fromPolicy(policy) };
}

const JITTERS = { none: Jitter.NONE, seed: Jitter.SEED } as const;

function toPolicy(own: PolicyOverride): RetryPolicy {
  const policy = create(RetryPolicySchema);
  if (own.preset !== undefined) policy.preset = own.preset;
  if (own.maxRetries !== undefined) policy.maxRetries = own.maxRetries;
  if (own.initialDelayMs !== undefined) policy.initialDelay = durationFromMs(own.initialDelayMs);
  if (own.maxDelayMs !== undefined) policy.maxDelay = durationFromMs(own.maxDelayMs);
  if (own.multiplier !== undefined) policy.multiplier = own.multiplier;
  if (own.jitter !== undefined) policy.jitter = JITTERS[own.jitter];
  return policy;
}

function fromPolicy(policy: RetryPolicy): PolicyOverride {
  const { initialDelay, maxDelay, jitter } = policy;
  return {
    // A preset that this version does not know is as good as none: the other levels decide.
    preset: Object.hasOwn(PRESETS, policy.preset) ? (policy.preset as PresetName) : undefined,
    maxRetries: policy.maxRetries,
    initialDelayMs: initialDelay === undefined ? undefined : durationMs(initialDelay),
    maxDelayMs: maxDelay === undefined ? undefined : durationMs(maxDelay),
    multiplier: policy.multiplier,
    jitter: jitter === Jitter.NONE ? "none" : jitter === Jitter.SEED ? "seed" : undefined,
  };
}
