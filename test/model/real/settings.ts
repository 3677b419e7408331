import { DEFAULT_QUEUE_SETTINGS, type QueueSettings } from "../../../src/core/settings.ts";
import { BREAKER, type Gates } from "../life/gates.ts";
import { DEDUP_WINDOW_MS, type LifeSettings, POISON_WINDOW_MS } from "../life/life.ts";
import { KEY_ATTRIBUTE } from "./names.ts";

/** What a queue is told of a run. */
export function queueSettings(settings: LifeSettings, gates: Gates): QueueSettings {
  return {
    ...DEFAULT_QUEUE_SETTINGS,
    ttlAction: settings.ttlAction,
    quarantineRetentionMs: settings.retentionMs,
    maxMessages: settings.maxMessages,
    poisonThreshold: settings.poisonThreshold,
    nonRetryableReasons: settings.nonRetryable,
    dedupWindowMs: DEDUP_WINDOW_MS,
    poisonWindowMs: POISON_WINDOW_MS,
    keyAttribute: gates.keyed ? KEY_ATTRIBUTE : "",
    keyMaxInFlight: gates.keyMaxInFlight,
    keyRatePerSecond: gates.keyRate?.perSecond ?? 0,
    keyRateBurst: gates.keyRate?.burst ?? 0,
    ratePerSecond: gates.rate?.perSecond ?? 0,
    rateBurst: gates.rate?.burst ?? 0,
    retryBudgetRatio: gates.budget?.ratio ?? 0,
    retryBudgetMinPerSecond: gates.budget?.minPerSecond ?? 0,
    breaker: gates.breaker,
    breakerWindowMs: BREAKER.windowMs,
    breakerMinimumVolume: BREAKER.minimumVolume,
    breakerFailureRatio: BREAKER.failureRatio,
    breakerOpenMs: BREAKER.openMs,
    breakerMaxOpenMs: BREAKER.maxOpenMs,
    breakerProbes: BREAKER.probes,
    breakerProbeTimeoutMs: BREAKER.probeLeaseMs,
    breakerReasons: BREAKER.reasons,
    ordering: gates.ordering,
    orderingHoldMaxAgeMs: gates.holdMs,
    paused: gates.paused,
  };
}
