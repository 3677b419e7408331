import { PRESETS, presetOf } from "../core/presets.ts";
import type { Reason } from "../core/reason.ts";
import type { QueueSettings, RetryPolicy } from "../core/settings.ts";
import type { ConfigError } from "./config-error.ts";
import type { QueueLayer } from "./queue-layer.ts";
import { completePolicy } from "./retry-policy.ts";

/**
 * Applies one layer over another: a value of the upper layer wins as a whole, not key by key.
 *
 * This matters for retries, where a layer can set the same thing in three ways. A queue's own
 * `max_retries` also caps the per-reason policies that it inherits, and a queue's own
 * `retry_policy` hides the deployment's `max_retries` and `retry_policies`: a queue with 2 retries
 * should not get the deployment's 10 for timeouts. Within one layer the more specific setting wins.
 */
export function resolveQueue(
  base: QueueSettings,
  layer: QueueLayer,
  errors: ConfigError[],
): QueueSettings {
  const { simple } = layer;
  const maxRetries =
    simple.maxRetries ?? (layer.retryPolicy === undefined ? base.maxRetries : undefined);

  let retryPolicy = base.retryPolicy;
  if (layer.retryPolicy !== undefined) {
    const inherited = base.retryPolicy ?? PRESETS.standard;
    retryPolicy = completePolicy(
      layer.retryPolicy,
      withRetries(inherited, base.maxRetries),
      errors,
    );
  }

  const retryPolicies: Partial<Record<Reason, RetryPolicy>> = {};
  if (layer.retryPolicy === undefined) {
    for (const [reason, policy] of Object.entries(base.retryPolicies) as [Reason, RetryPolicy][]) {
      retryPolicies[reason] = withRetries(policy, simple.maxRetries);
    }
  }
  for (const [reason, draft] of layer.retryPolicies) {
    const inForce =
      retryPolicies[reason] ?? withRetries(retryPolicy ?? presetOf(reason), maxRetries);
    retryPolicies[reason] = completePolicy(draft, inForce, errors);
  }

  return Object.freeze({
    ...base,
    ...simple,
    maxRetries,
    retryPolicy,
    retryPolicies: Object.freeze(retryPolicies),
    transforms: layer.transforms ?? base.transforms,
  });
}

function withRetries(policy: RetryPolicy, maxRetries: number | undefined): RetryPolicy {
  return maxRetries === undefined ? policy : { ...policy, maxRetries };
}
