import { REASON_NAMES } from "../core/reason.ts";
import { DEFAULT_QUEUE_SETTINGS, LIMITS, type QueueSettings } from "../core/settings.ts";
import { bytes } from "./bytes.ts";
import { DELIVERY_SETTINGS } from "./delivery-settings.ts";
import { duration } from "./duration.ts";
import { instant } from "./instant.ts";
import { listOf } from "./list.ts";
import { optional, type Setting, setting, type ValuesOf } from "./setting.ts";
import { boolean, choice, integer, string, text } from "./value-type.ts";

const DAY_MS = 24 * 3_600_000;
const D = DEFAULT_QUEUE_SETTINGS;

export const RETRIES_MAX = 1_000;

/** Retry policies and transforms are mappings, which only YAML can write: retry-policy.ts, queue-transforms.ts. */
type SimpleKey = Exclude<keyof QueueSettings, "retryPolicy" | "retryPolicies" | "transforms">;

const row = { group: "Queues", perQueue: true } as const;

/**
 * What each queue may decide. As a flag or variable, or below `defaults:`, it holds for every
 * queue; below `queues: <name>:` for that one.
 */
export const QUEUE_SETTINGS = {
  maxRetries: optional({
    ...row,
    name: "max-retries",
    type: integer(0, RETRIES_MAX),
    fallbackText: "what the preset of the reason says",
    doc: "Failed attempts after which a message is quarantined, unless the message or its reason in retry_policies says otherwise. 0 never retries.",
    example: "5",
  }),
  nonRetryableReasons: setting({
    ...row,
    name: "non-retryable-reasons",
    type: listOf(choice(REASON_NAMES), {
      placeholder: "REASON,…",
      allowed: `reasons separated by commas, of ${REASON_NAMES.join(", ")}`,
    }),
    fallback: D.nonRetryableReasons,
    fallbackText: "none",
    doc: "Reasons that go straight to quarantine when an attempt fails with them.",
    example: "VALIDATION_FAILED",
  }),
  nonRetryableTypes: setting({
    ...row,
    name: "non-retryable-types",
    type: listOf(
      string({ allowed: "1 to 512 characters without a comma", pattern: /^[^,]{1,512}$/ }),
      {
        placeholder: "TYPE,…",
        allowed: `up to ${LIMITS.nonRetryableTypes} names separated by commas, each of 1 to 512 characters, in their case`,
        max: LIMITS.nonRetryableTypes,
      },
    ),
    fallback: D.nonRetryableTypes,
    fallbackText: "none",
    doc: "Types of failures that go straight to quarantine: the whole name, or the last part of it.",
    example: "ValueError,com.shop.OrderGone",
  }),
  ttlMs: setting({
    ...row,
    name: "ttl",
    type: duration({ min: 1_000, zero: true }),
    fallback: D.ttlMs,
    doc: "Time to live of a message from its arrival. A later due time extends it; what is in flight is never touched. 0 never ends.",
    example: "7d",
  }),
  ttlAction: setting({
    ...row,
    name: "ttl-action",
    type: choice(["quarantine", "discard"]),
    fallback: D.ttlAction,
    doc: "What happens to a message whose time to live ends. discard deletes it for good.",
    example: "discard",
  }),
  quarantineRetentionMs: setting({
    ...row,
    name: "quarantine-retention",
    type: duration({ min: 1_000, zero: true }),
    fallback: D.quarantineRetentionMs,
    doc: "How long a quarantined message is kept. 0 keeps it until somebody decides.",
    example: "30d",
  }),
  poisonThreshold: setting({
    ...row,
    name: "poison-threshold",
    type: integer(0, 1_000),
    fallback: D.poisonThreshold,
    doc: "Sends of one source_id within poison-window that quarantine it as poison. 0 turns this off.",
    example: "10",
  }),
  poisonWindowMs: setting({
    ...row,
    name: "poison-window",
    type: duration({ min: 1_000, max: 90 * DAY_MS }),
    fallback: D.poisonWindowMs,
    doc: "Time within which the sends of one source_id are counted.",
    example: "1h",
  }),
  dedupWindowMs: setting({
    ...row,
    name: "dedup-window",
    type: duration({ min: 1_000, max: 90 * DAY_MS, zero: true }),
    fallback: D.dedupWindowMs,
    doc: "How long the same dedup_key joins the same message. 0 turns this off.",
    example: "10m",
  }),
  leaseDurationMs: setting({
    ...row,
    name: "lease-duration",
    type: duration({ min: LIMITS.leaseMinMs, max: LIMITS.leaseMaxMs }),
    fallback: D.leaseDurationMs,
    doc: "Lease that a worker gets when its stream asks for none.",
    example: "2m",
  }),
  maxMessages: setting({
    ...row,
    name: "max-messages",
    type: integer(0, 1_000_000_000),
    fallback: D.maxMessages,
    doc: "Most messages that one queue holds, in any state; sends beyond are refused, nothing is evicted. 0 is no limit.",
    example: "1000000",
  }),
  maxBytes: setting({
    ...row,
    name: "max-bytes",
    type: bytes({}),
    fallback: D.maxBytes,
    doc: "Most bytes that one queue holds; sends beyond are refused, nothing is evicted. 0 is no limit.",
    example: "1GiB",
  }),
  paused: setting({
    ...row,
    name: "paused",
    type: boolean,
    fallback: D.paused,
    doc: "Hands out nothing. What is in flight goes on, sends and outcomes are taken, and time to live runs on.",
    example: "true",
  }),
  pausedReason: setting({
    ...row,
    name: "paused-reason",
    type: text(LIMITS.pausedReasonBytes),
    fallback: D.pausedReason,
    fallbackText: "none",
    doc: "Why, for whoever asks Stats.",
    example: "the payment provider is down",
  }),
  pausedUntilAtMs: optional({
    ...row,
    name: "paused-until",
    type: instant,
    fallbackText: "until somebody ends it",
    doc: "Instant at which paused ends by itself, by the clock of Redis.",
    example: "2030-01-31T06:00:00Z",
  }),
  ...DELIVERY_SETTINGS,
} as const satisfies Record<SimpleKey, Setting>;

export type SimpleQueueSettings = ValuesOf<typeof QUEUE_SETTINGS>;
export type SimpleQueueKey = SimpleKey;
export const SIMPLE_QUEUE_KEYS = Object.keys(QUEUE_SETTINGS) as readonly SimpleQueueKey[];
