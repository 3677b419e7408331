import type { Reason } from "./reason.ts";
import { DAY_MS, HOUR_MS } from "./time-units.ts";
import type { Transform } from "./transform/transform.ts";
import type { RetryWindow } from "./windows.ts";

/** How delays grow with each attempt. */
export type Backoff =
  /** Multiplies the delay each time, up to `maxDelayMs`. */
  | { readonly kind: "exponential"; readonly multiplier: number }
  /** Adds the increment each time, up to `maxDelayMs`. */
  | { readonly kind: "linear"; readonly incrementMs: number }
  /** Repeats the first delay. */
  | { readonly kind: "fixed" }
  /** Uses these delays; the last one repeats. Never empty. */
  | { readonly kind: "schedule"; readonly delaysMs: readonly number[] };

export type BackoffKind = Backoff["kind"];
export const BACKOFF_KINDS = [
  "exponential",
  "linear",
  "fixed",
  "schedule",
] as const satisfies BackoffKind[];

/**
 * How delays are spread, with a uniform random number: not at all; times 0.5 to 1.5; from 0 to the
 * delay; from half the delay to the delay; from the first delay to three times the previous one.
 */
export const JITTERS = ["none", "proportional", "full", "equal", "decorrelated"] as const;
export type Jitter = (typeof JITTERS)[number];

/** When the next attempt is made, and how many attempts there are. Durations in milliseconds. */
export interface RetryPolicy {
  /** The message is quarantined after this many failed attempts. 0: no retries. */
  maxRetries: number;
  /** Delay after the first failure. A schedule uses it only with decorrelated jitter. */
  initialDelayMs: number;
  /** The longest delay, before jitter. */
  maxDelayMs: number;
  backoff: Backoff;
  jitter: Jitter;
  /** The longest time between the start of the round and an attempt. 0: no limit. */
  maxElapsedMs: number;
  /** Attempts may begin in any of these. Empty: at any time. */
  windows: readonly RetryWindow[];
}

/** What happens to a scheduled message at the end of its time to live. */
export type TtlAction = "quarantine" | "discard";

/** A pause stops delivery. Messages in flight stay in flight; sends and outcomes are accepted. */
export interface PauseSettings {
  paused: boolean;
  /** Shown to operators. */
  pausedReason: string;
  /** When the pause ends, by the store's clock. Undefined: it must be ended by hand. */
  pausedUntilAtMs?: number | undefined;
}

/** The delivery rate of the whole queue, over all servers. */
export interface RateSettings {
  /** 0: no limit. */
  ratePerSecond: number;
  /** The largest burst. 0: the deliveries of one second, at least 1. */
  rateBurst: number;
}

/** Limits for each value of one attribute, the limiter key. */
export interface KeySettings {
  /** The attribute's name. Empty: no keys. */
  keyAttribute: string;
  keyRatePerSecond: number;
  keyRateBurst: number;
  /** 0: no limit. */
  keyMaxInFlight: number;
}

/** What one breaker covers. */
export type BreakerScope = "off" | "queue" | "key";

/** When failures stop delivery, and how it starts again. */
export interface BreakerSettings {
  breaker: BreakerScope;
  /** Time over which outcomes are counted. */
  breakerWindowMs: number;
  /** Below this number of outcomes the ratio is ignored. */
  breakerMinimumVolume: number;
  /** The share of failures that opens the breaker. */
  breakerFailureRatio: number;
  /** The number of failures in a row that opens the breaker. 0: off. */
  breakerConsecutiveFailures: number;
  /** How long it stays open the first time. Doubles each time, up to `breakerMaxOpenMs`. */
  breakerOpenMs: number;
  breakerMaxOpenMs: number;
  /** Messages delivered while half-open. All must succeed before the breaker closes. */
  breakerProbes: number;
  /** Lease of a probe. Undefined: the queue's lease, at most 30 s. */
  breakerProbeTimeoutMs?: number | undefined;
  /** Reasons that count as failures. Others count as neither success nor failure. */
  breakerReasons: readonly Reason[];
}

/** Limits retries to a share of first deliveries. */
export interface RetryBudgetSettings {
  /** Retries allowed for each first delivery. 0: no limit. */
  retryBudgetRatio: number;
  /** Retries that are always allowed, per second. */
  retryBudgetMinPerSecond: number;
}

/** `key`: one message of an ordering key at a time. `hold`: also none after a quarantined one. */
export interface OrderingSettings {
  ordering: "off" | "key" | "hold";
  /** The longest time that a key is held by a quarantined message. 0: until an operator acts. */
  orderingHoldMaxAgeMs: number;
}

/** All settings of a queue. */
export interface QueueSettings
  extends PauseSettings,
    RateSettings,
    KeySettings,
    BreakerSettings,
    RetryBudgetSettings,
    OrderingSettings {
  /**
   * Retries for messages of this queue, for every reason. Undefined: the reason's preset decides.
   */
  maxRetries?: number | undefined;
  /** Overrides the presets of all reasons. */
  retryPolicy?: RetryPolicy | undefined;
  /** Overrides the policy of single reasons; stronger than `retryPolicy`. */
  retryPolicies: Partial<Record<Reason, RetryPolicy>>;
  /** A failure with one of these reasons is quarantined at once. */
  nonRetryableReasons: readonly Reason[];
  /** The same for failure types: the whole name, or its last part. */
  nonRetryableTypes: readonly string[];
  /**
   * Edits of a message between a failed attempt and the next one. Each applies once to a message.
   */
  transforms: readonly Transform[];
  /** Time to live from arrival. 0: never expires. */
  ttlMs: number;
  ttlAction: TtlAction;
  /** How long a quarantined message is kept. 0: until an operator removes it. */
  quarantineRetentionMs: number;
  /** How long a message that succeeded can be brought back. 0: not at all. */
  retainSucceededMs: number;
  /** The same of discarded and purged ones. */
  retainDeletedMs: number;
  /** Most bytes of messages that can be brought back. 0: a tenth of `maxBytes`, or 64 MiB without it. */
  retainBytes: number;
  /** Number of sends of one source_id within the window that makes it poison. 0: off. */
  poisonThreshold: number;
  poisonWindowMs: number;
  /** How long sends with one dedup_key join one message. 0: off. */
  dedupWindowMs: number;
  /** Lease of streams that do not ask for one. 1 s to 12 h. */
  leaseDurationMs: number;
  /** The largest number of messages in any state. 0: no limit. */
  maxMessages: number;
  /** The largest number of stored bytes (envelopes). 0: no limit. */
  maxBytes: number;
  /** Values that answers and logs do not show: see readRedactEntry. */
  redact: readonly string[];
}

/** A queue's name: also safe in Redis keys, file names and metric labels. */
export const QUEUE_NAME = /^[A-Za-z0-9._-]{1,128}$/;

export const LIMITS = {
  /** Batch jobs that have not ended. */
  openJobs: 100,
  payloadDefaultBytes: 1024 * 1024,
  payloadMaxBytes: 3 * 1024 * 1024,
  attributes: 64,
  attributeKeyBytes: 128,
  attributeValueBytes: 4096,
  batchRequests: 1000,
  batchBytes: 3.5 * 1024 * 1024,
  /** Of an import: the largest message, with its original and its edits, fits. */
  importBytes: 9 * 1024 * 1024,
  /** A frame of deliveries stays below this, except for a single larger message. */
  frameBytes: 1024 * 1024,
  maxInFlight: 10_000,
  maxInFlightDefault: 16,
  leaseMinMs: 1_000,
  leaseMaxMs: 12 * HOUR_MS,
  retryIds: 1000,
  scheduleDelays: 100,
  maxElapsedMinMs: 1_000,
  maxElapsedMaxMs: 365 * DAY_MS,
  retryWindows: 16,
  nonRetryableTypes: 100,
  pausedReasonBytes: 256,
  /** Of the settings of one queue that UpdateQueue has set. Every server holds those of all queues. */
  queueConfigBytes: 64 * 1024,
  /** Of the same settings of all queues. */
  queueConfigsBytes: 32 * 1024 * 1024,
} as const;

export const DEFAULT_QUEUE_SETTINGS: QueueSettings = {
  retryPolicies: {},
  nonRetryableReasons: [],
  nonRetryableTypes: [],
  transforms: [],
  ttlMs: DAY_MS,
  ttlAction: "quarantine",
  quarantineRetentionMs: 0,
  retainSucceededMs: 0,
  retainDeletedMs: DAY_MS,
  retainBytes: 0,
  poisonThreshold: 5,
  poisonWindowMs: DAY_MS,
  dedupWindowMs: HOUR_MS,
  leaseDurationMs: 30_000,
  maxMessages: 0,
  maxBytes: 0,
  redact: [],
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
  orderingHoldMaxAgeMs: DAY_MS,
};
