import type { Reason } from "./reason.ts";
import type { Transform } from "./transform/transform.ts";
import type { RetryWindow } from "./windows.ts";

/** How delays grow from attempt to attempt. */
export type Backoff =
  /** The first delay, then each one multiplied by `multiplier`, up to the longest one. */
  | { readonly kind: "exponential"; readonly multiplier: number }
  /** The first delay, then each one longer by the increment, up to the longest one. */
  | { readonly kind: "linear"; readonly incrementMs: number }
  /** The first delay each time. */
  | { readonly kind: "fixed" }
  /** These delays; the last one repeats. Never empty. */
  | { readonly kind: "schedule"; readonly delaysMs: readonly number[] };

export type BackoffKind = Backoff["kind"];
export const BACKOFF_KINDS = [
  "exponential",
  "linear",
  "fixed",
  "schedule",
] as const satisfies BackoffKind[];

/**
 * How delays are spread, by a uniform random number: not at all; by a factor from 0.5 to 1.5; from 0
 * to the delay; from half of it to all of it; from the first delay to three times the one before.
 */
export const JITTERS = ["none", "proportional", "full", "equal", "decorrelated"] as const;
export type Jitter = (typeof JITTERS)[number];

/** When the next attempt is made, and how many there are. Durations in milliseconds. */
export interface RetryPolicy {
  /** Failed attempts after which the message is quarantined. 0: no retry at all. */
  maxRetries: number;
  /** Delay after the first failure. A schedule has its own, and heeds this with decorrelated jitter. */
  initialDelayMs: number;
  /** No delay grows beyond this, before jitter. */
  maxDelayMs: number;
  backoff: Backoff;
  jitter: Jitter;
  /** No attempt begins later than this after the round has begun. 0: no such limit. */
  maxElapsedMs: number;
  /** When attempts may begin: in any of these. Empty: at any time. */
  windows: readonly RetryWindow[];
}

/** What happens to a scheduled message whose time to live ends. */
export type TtlAction = "quarantine" | "discard";

/** Delivery is stopped by hand. What is in flight goes on; sends and outcomes are taken as always. */
export interface PauseSettings {
  paused: boolean;
  /** For whoever asks why nothing moves. */
  pausedReason: string;
  /** It ends by itself then, by the store's clock. Undefined: when somebody ends it. */
  pausedUntilAtMs?: number | undefined;
}

/** How fast the whole queue is delivered, over all servers. */
export interface RateSettings {
  /** 0: no limit. */
  ratePerSecond: number;
  /** Most at once after a time of rest. 0: what one second gives, at least 1. */
  rateBurst: number;
}

/** Limits for each value of one attribute. */
export interface KeySettings {
  /** Its name. Empty: no keys. */
  keyAttribute: string;
  keyRatePerSecond: number;
  keyRateBurst: number;
  /** 0: no limit. */
  keyMaxInFlight: number;
}

/** What a breaker stops. */
export type BreakerScope = "off" | "queue" | "key";

/** When delivery stops by itself, and how it starts again. */
export interface BreakerSettings {
  breaker: BreakerScope;
  /** Over which outcomes are counted. */
  breakerWindowMs: number;
  /** Outcomes below which the ratio says nothing. */
  breakerMinimumVolume: number;
  /** Share of failures that opens it. */
  breakerFailureRatio: number;
  /** Failures in a row that open it. 0: off. */
  breakerConsecutiveFailures: number;
  /** How long it is open the first time; each further time twice as long, up to the longest one. */
  breakerOpenMs: number;
  breakerMaxOpenMs: number;
  /** Messages that try whether it may close, and must succeed. */
  breakerProbes: number;
  /** Lease of those. Undefined: the lease as always, at most 30 s. */
  breakerProbeTimeoutMs?: number | undefined;
  /** Those that count as failures; others count neither way. */
  breakerReasons: readonly Reason[];
}

/** Retries are at most a share of first deliveries. */
export interface RetryBudgetSettings {
  /** Retries for each first delivery. 0: no budget. */
  retryBudgetRatio: number;
  /** Retries a second that are always allowed. */
  retryBudgetMinPerSecond: number;
}

/** One message of an ordering key at a time; with `hold`, none behind a quarantined one. */
export interface OrderingSettings {
  ordering: "off" | "key" | "hold";
  /** A key waits no longer than this behind a quarantined message. 0: until somebody decides. */
  orderingHoldMaxAgeMs: number;
}

/** Everything a queue may decide for itself. Absent in a queue: the deployment's value. */
export interface QueueSettings
  extends PauseSettings,
    RateSettings,
    KeySettings,
    BreakerSettings,
    RetryBudgetSettings,
    OrderingSettings {
  /**
   * Retries for messages of this queue, whatever the reason. Undefined: the reason's preset
   * decides. 3 is the default for reasons whose preset does not say otherwise (`standard`).
   */
  maxRetries?: number | undefined;
  /** Overrides every reason's preset in this queue. */
  retryPolicy?: RetryPolicy | undefined;
  /** Overrides one reason's policy in this queue; stronger than `retryPolicy`. */
  retryPolicies: Partial<Record<Reason, RetryPolicy>>;
  /** Reasons that go straight to quarantine when an attempt fails with them. */
  nonRetryableReasons: readonly Reason[];
  /** The same by the failure's type: its whole name, or the last part of it. */
  nonRetryableTypes: readonly string[];
  /** Edits of a message whose attempt has failed, before the next one; each once for one message. */
  transforms: readonly Transform[];
  /** Time to live from arrival. 0: never expires. */
  ttlMs: number;
  ttlAction: TtlAction;
  /** How long a quarantined message is kept. 0: until somebody decides. */
  quarantineRetentionMs: number;
  /** Sends of one source_id within the window that make it poison. 0: off. */
  poisonThreshold: number;
  poisonWindowMs: number;
  /** How long the same dedup_key joins the same message. 0: off. */
  dedupWindowMs: number;
  /** Lease that a stream gets when it does not ask for one. 1 s to 12 h. */
  leaseDurationMs: number;
  /** Most messages the queue holds in any state. 0: no limit. */
  maxMessages: number;
  /** Most stored bytes (envelopes) the queue holds. 0: no limit. */
  maxBytes: number;
}

/** Names of a queue: also safe in Redis keys, file names and metric labels. */
export const QUEUE_NAME = /^[A-Za-z0-9._-]{1,128}$/;

export const LIMITS = {
  payloadDefaultBytes: 1024 * 1024,
  payloadMaxBytes: 3 * 1024 * 1024,
  attributes: 64,
  attributeKeyBytes: 128,
  attributeValueBytes: 4096,
  batchRequests: 1000,
  batchBytes: 3.5 * 1024 * 1024,
  maxInFlight: 10_000,
  maxInFlightDefault: 16,
  leaseMinMs: 1_000,
  leaseMaxMs: 12 * 3_600_000,
  retryIds: 1000,
  scheduleDelays: 100,
  maxElapsedMinMs: 1_000,
  maxElapsedMaxMs: 365 * 24 * 3_600_000,
  retryWindows: 16,
  nonRetryableTypes: 100,
  pausedReasonBytes: 256,
} as const;

export const DEFAULT_QUEUE_SETTINGS: QueueSettings = {
  retryPolicies: {},
  nonRetryableReasons: [],
  nonRetryableTypes: [],
  transforms: [],
  ttlMs: 24 * 3_600_000,
  ttlAction: "quarantine",
  quarantineRetentionMs: 0,
  poisonThreshold: 5,
  poisonWindowMs: 24 * 3_600_000,
  dedupWindowMs: 3_600_000,
  leaseDurationMs: 30_000,
  maxMessages: 0,
  maxBytes: 0,
  paused: false,
  pausedReason: "",
  ratePerSecond: 0,
  rateBurst: 0,
  keyAttribute: "",
  keyRatePerSecond: 0,
  keyRateBurst: 0,
  keyMaxInFlight: 0,
  breaker: "off",
  breakerWindowMs: 30_000,
  breakerMinimumVolume: 20,
  breakerFailureRatio: 0.5,
  breakerConsecutiveFailures: 0,
  breakerOpenMs: 10_000,
  breakerMaxOpenMs: 300_000,
  breakerProbes: 3,
  breakerReasons: [
    "TIMEOUT",
    "RESOURCE_EXHAUSTED",
    "WEBHOOK_FAILED",
    "NETWORK_ERROR",
    "AUTHENTICATION_ERROR",
  ],
  retryBudgetRatio: 0,
  retryBudgetMinPerSecond: 1,
  ordering: "off",
  orderingHoldMaxAgeMs: 24 * 3_600_000,
};
