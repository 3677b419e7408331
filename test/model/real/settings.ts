import { DEFAULT_QUEUE_SETTINGS, type QueueSettings } from "../../../src/core/settings.ts";
import { DEDUP_WINDOW_MS, type LifeSettings, POISON_WINDOW_MS } from "../life/life.ts";
import { BREAKER, type Limiters } from "../life/limiters.ts";
import { KEY_ATTRIBUTE } from "./names.ts";

/** The settings of a queue for a run. */
export function queueSettings(settings: LifeSettings, limiters: Limiters): QueueSettings {
  return {
    ...DEFAULT_QUEUE_SETTINGS,
    ttlAction: settings.ttlAction,
    quarantineRetentionMs: settings.retentionMs,
    maxMessages: settings.maxMessages,
    poisonThreshold: settings.poisonThreshold,
    nonRetryableReasons: settings.nonRetryable,
    dedupWindowMs: DEDUP_WINDOW_MS,
    poisonWindowMs: POISON_WINDOW_MS,
    keyAttribute: limiters.keyed ? KEY_ATTRIBUTE : "",
    keyMaxInFlight: limiters.keyMaxInFlight,
    keyRatePerSecond: limiters.keyRate?.perSecond ?? 0,
    keyRateBurst: limiters.keyRate?.burst ?? 0,
    ratePerSecond: limiters.rate?.perSecond ?? 0,
    rateBurst: limiters.rate?.burst ?? 0,
    retryBudgetRatio: limiters.budget?.ratio ?? 0,
    retryBudgetMinPerSecond: limiters.budget?.minPerSecond ?? 0,
    breaker: limiters.breaker,
    breakerWindowMs: BREAKER.windowMs,
    breakerMinimumVolume: BREAKER.minimumVolume,
    breakerFailureRatio: BREAKER.failureRatio,
    breakerOpenMs: BREAKER.openMs,
    breakerMaxOpenMs: BREAKER.maxOpenMs,
    breakerProbes: BREAKER.probes,
    breakerProbeTimeoutMs: BREAKER.probeLeaseMs,
    breakerReasons: BREAKER.reasons,
    ordering: limiters.ordering,
    orderingHoldMaxAgeMs: limiters.holdMs,
    paused: limiters.paused,
  };
}
