import { overridePolicy, type PolicyOverride, retriesOf } from "./policy-override.ts";
import { PRESET_OF_REASON, PRESETS, presetOf } from "./presets.ts";
import type { Reason } from "./reason.ts";
import type { QueueSettings, RetryPolicy } from "./settings.ts";

/** The retry settings of one message. Each field overrides only itself. */
export interface MessageRetry {
  maxRetries?: number | undefined;
  policy?: PolicyOverride | undefined;
  /** From the last routing rule that set one. The message's own `policy` is stronger. */
  rulePolicy?: PolicyOverride | undefined;
}

/** Where a value came from, strongest first. */
export type PolicyLevel =
  /** The message's own `max_retries`. */
  | "message"
  /** The message's own `retry_policy`. */
  | "message_policy"
  /** A routing rule's policy. */
  | "rule"
  /** The queue's policy for this reason. */
  | "queue_reason"
  /** The queue's `max_retries`. */
  | "queue"
  /** The queue's policy for every reason. */
  | "queue_policy"
  /** The reason's preset. */
  | "preset"
  /** None of these: the message has no known reason. */
  | "default";

/** The policy in force, including `maxRetries`, and the source of each. */
export interface ResolvedPolicy {
  policy: RetryPolicy;
  policyFrom: PolicyLevel;
  maxRetriesFrom: PolicyLevel;
}

/** A queue's settings. They already include the deployment's as fallback. */
export type RetrySettings = Pick<QueueSettings, "maxRetries" | "retryPolicy" | "retryPolicies">;

export const DEFAULT_POLICY = PRESETS.standard;

/**
 * Resolves delays and `maxRetries` separately: a message that asks for ten retries keeps its
 * reason's delays. A queue's `maxRetries` beats the number in its own `retryPolicy` because it is
 * more explicit.
 */
export function resolvePolicy(
  reason: Reason | undefined,
  settings: RetrySettings,
  own: MessageRetry = {},
): ResolvedPolicy {
  const forReason = reason === undefined ? undefined : settings.retryPolicies[reason];
  const preset = reason === undefined ? undefined : presetOf(reason);

  const [others, othersFrom] = first<RetryPolicy>(
    [forReason, "queue_reason"],
    [settings.retryPolicy, "queue_policy"],
    [preset, "preset"],
  ) ?? [DEFAULT_POLICY, "default"];
  const { rulePolicy } = own;
  const ruled = rulePolicy === undefined ? others : overridePolicy(others, rulePolicy);
  const policy = own.policy === undefined ? ruled : overridePolicy(ruled, own.policy);

  const [maxRetries, maxRetriesFrom] = first<number>(
    [own.maxRetries, "message"],
    [own.policy && retriesOf(own.policy), "message_policy"],
    [rulePolicy && retriesOf(rulePolicy), "rule"],
    [forReason?.maxRetries, "queue_reason"],
    [settings.maxRetries, "queue"],
    [settings.retryPolicy?.maxRetries, "queue_policy"],
    [preset?.maxRetries, "preset"],
  ) ?? [DEFAULT_POLICY.maxRetries, "default"];

  return {
    policy: policy.maxRetries === maxRetries ? policy : { ...policy, maxRetries },
    policyFrom: own.policy ? "message_policy" : rulePolicy ? "rule" : othersFrom,
    maxRetriesFrom,
  };
}

/** For logs: "preset network", "queue_reason", ... */
export function describeLevel(level: PolicyLevel, reason: Reason | undefined): string {
  return level === "preset" && reason !== undefined ? `preset ${PRESET_OF_REASON[reason]}` : level;
}

type Candidate<T> = readonly [value: T | undefined, level: PolicyLevel];

function first<T>(...candidates: readonly Candidate<T>[]): [T, PolicyLevel] | undefined {
  for (const [value, level] of candidates) if (value !== undefined) return [value, level];
  return undefined;
}
