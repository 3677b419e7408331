import { overridePolicy, type PolicyOverride, retriesOf } from "./policy-override.ts";
import { PRESET_OF_REASON, PRESETS, presetOf } from "./presets.ts";
import type { Reason } from "./reason.ts";
import type { QueueSettings, RetryPolicy } from "./settings.ts";

/** What a message asks for itself; each part overrides only itself. */
export interface MessageRetry {
  maxRetries?: number | undefined;
  policy?: PolicyOverride | undefined;
  /** Of the last routing rule that named one; what the message asks for itself wins over it. */
  rulePolicy?: PolicyOverride | undefined;
}

/** Who decided, strongest first. */
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
  /** Nobody: a message without a reason that this version knows. */
  | "default";

/** The policy in force, its `maxRetries` included, and where each of the two came from. */
export interface ResolvedPolicy {
  policy: RetryPolicy;
  policyFrom: PolicyLevel;
  maxRetriesFrom: PolicyLevel;
}

/** The deployment's settings reach this through the queue's, which already fall back on them. */
export type RetrySettings = Pick<QueueSettings, "maxRetries" | "retryPolicy" | "retryPolicies">;

export const DEFAULT_POLICY = PRESETS.standard;

/**
 * How long to wait and how often to try are decided apart: a message that asks for ten retries
 * keeps its reason's delays, and a queue's `maxRetries` beats the count inside its own
 * `retryPolicy` because it is the plainer statement.
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
