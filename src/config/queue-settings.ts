import { REASON_NAMES } from "../core/reason.ts";
import { DEFAULT_QUEUE_SETTINGS, LIMITS, type QueueSettings } from "../core/settings.ts";
import { DAY_MS } from "../core/time-units.ts";
import { bytes } from "./bytes.ts";
import { DELIVERY_SETTINGS } from "./delivery-settings.ts";
import { duration } from "./duration.ts";
import { instant } from "./instant.ts";
import { listOf } from "./list.ts";
import { redactEntries } from "./redact-entries.ts";
import { optional, type Setting, setting, type ValuesOf } from "./setting.ts";
import { boolean, choice, integer, string, text } from "./value-type.ts";

const D = DEFAULT_QUEUE_SETTINGS;

export const RETRIES_MAX = 1_000;

/**
 * Retry policies and transforms are mappings, which only YAML can express: see retry-policy.ts and
 * queue-transforms.ts.
 */
type SimpleKey = Exclude<keyof QueueSettings, "retryPolicy" | "retryPolicies" | "transforms">;

const row = { group: "Queues", perQueue: true } as const;

/**
 * Settings of queues. As a flag or variable, or below `defaults:`, they apply to every queue; below
 * `queues: <name>:` to that one.
 */
export const QUEUE_SETTINGS = {
  maxRetries: optional({
    ...row,
    name: "max-retries",
    type: integer(0, RETRIES_MAX),
    fallbackText: "the preset of the reason",
    doc: "Failed attempts after which a message is quarantined, unless the message itself or its reason in retry_policies sets another number. 0: no retries.",
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
    doc: "Failures with these reasons are quarantined at once.",
    example: "VALIDATION_FAILED",
  }),
  nonRetryableTypes: setting({
    ...row,
    name: "non-retryable-types",
    type: listOf(
      string({ allowed: "1 to 512 characters without a comma", pattern: /^[^,]{1,512}$/ }),
      {
        placeholder: "TYPE,…",
        allowed: `up to ${LIMITS.nonRetryableTypes} names separated by commas, each of 1 to 512 characters, case-sensitive`,
        max: LIMITS.nonRetryableTypes,
      },
    ),
    fallback: D.nonRetryableTypes,
    fallbackText: "none",
    doc: "Failures of these types are quarantined at once: the whole name, or its last part.",
    example: "ValueError,com.shop.OrderGone",
  }),
  ttlMs: setting({
    ...row,
    name: "ttl",
    type: duration({ min: 1_000, zero: true }),
    fallback: D.ttlMs,
    doc: "Time to live of a message from its arrival. A later due time extends it. Messages in flight do not expire. 0: no limit.",
    example: "7d",
  }),
  ttlAction: setting({
    ...row,
    name: "ttl-action",
    type: choice(["quarantine", "discard"]),
    fallback: D.ttlAction,
    doc: "What happens to a message at the end of its time to live. discard deletes it.",
    example: "discard",
  }),
  quarantineRetentionMs: setting({
    ...row,
    name: "quarantine-retention",
    type: duration({ min: 1_000, zero: true }),
    fallback: D.quarantineRetentionMs,
    doc: "How long a quarantined message is kept. 0: until an operator removes it.",
    example: "30d",
  }),
  retainSucceededMs: setting({
    ...row,
    name: "retain-succeeded",
    type: duration({ min: 1_000, zero: true }),
    fallback: D.retainSucceededMs,
    doc: "How long a message that succeeded can be brought back by Undelete. 0: not at all.",
    example: "1h",
  }),
  retainDeletedMs: setting({
    ...row,
    name: "retain-deleted",
    type: duration({ min: 1_000, zero: true }),
    fallback: D.retainDeletedMs,
    doc: "How long a discarded or purged message can be brought back by Undelete. 0: not at all.",
    example: "7d",
  }),
  retainBytes: setting({
    ...row,
    name: "retain-bytes",
    type: bytes({}),
    fallback: D.retainBytes,
    doc: "Most bytes of messages in one queue that Undelete can bring back; the oldest are erased first. They count for no other limit. 0: a tenth of max-bytes, or 64 MiB if that has no limit.",
    example: "1GiB",
  }),
  poisonThreshold: setting({
    ...row,
    name: "poison-threshold",
    type: integer(0, 1_000),
    fallback: D.poisonThreshold,
    doc: "Number of sends of one source_id within poison-window after which messages are quarantined as poison. 0: off.",
    example: "10",
  }),
  poisonWindowMs: setting({
    ...row,
    name: "poison-window",
    type: duration({ min: 1_000, max: 90 * DAY_MS }),
    fallback: D.poisonWindowMs,
    doc: "Time over which sends of one source_id are counted.",
    example: "1h",
  }),
  dedupWindowMs: setting({
    ...row,
    name: "dedup-window",
    type: duration({ min: 1_000, max: 90 * DAY_MS, zero: true }),
    fallback: D.dedupWindowMs,
    doc: "How long sends with the same dedup_key join the same message. 0: off.",
    example: "10m",
  }),
  leaseDurationMs: setting({
    ...row,
    name: "lease-duration",
    type: duration({ min: LIMITS.leaseMinMs, max: LIMITS.leaseMaxMs }),
    fallback: D.leaseDurationMs,
    doc: "Lease of workers whose stream does not ask for one.",
    example: "2m",
  }),
  maxMessages: setting({
    ...row,
    name: "max-messages",
    type: integer(0, 1_000_000_000),
    fallback: D.maxMessages,
    doc: "Most messages in one queue, in any state. Further sends are refused; nothing is evicted. 0: no limit.",
    example: "1000000",
  }),
  maxBytes: setting({
    ...row,
    name: "max-bytes",
    type: bytes({}),
    fallback: D.maxBytes,
    doc: "Most bytes in one queue. Further sends are refused; nothing is evicted. 0: no limit.",
    example: "1GiB",
  }),
  paused: setting({
    ...row,
    name: "paused",
    type: boolean,
    fallback: D.paused,
    doc: "Stops delivery. Messages in flight stay in flight, sends and outcomes are accepted, and time to live continues.",
    example: "true",
  }),
  pausedReason: setting({
    ...row,
    name: "paused-reason",
    type: text(LIMITS.pausedReasonBytes),
    fallback: D.pausedReason,
    fallbackText: "none",
    doc: "Reason of the pause, shown by Stats.",
    example: "the payment provider is down",
  }),
  pausedUntilAtMs: optional({
    ...row,
    name: "paused-until",
    type: instant,
    fallbackText: "until it is ended by hand",
    doc: "Time at which the pause ends, by the clock of Redis.",
    example: "2030-01-31T06:00:00Z",
  }),
  ...DELIVERY_SETTINGS,
  redact: setting({
    ...row,
    name: "redact",
    type: redactEntries,
    fallback: D.redact,
    fallbackText: "none",
    doc: "Values that answers to operators and log lines do not show: JSON Pointers into payloads of JSON, in which * stands for any member or element; attribute:NAME, in any case; attribute:* for all attributes; payload for whole payloads. Workers get everything.",
    example: "/customer/email,attribute:authorization",
  }),
} as const satisfies Record<SimpleKey, Setting>;

export type SimpleQueueSettings = ValuesOf<typeof QUEUE_SETTINGS>;
export type SimpleQueueKey = SimpleKey;
export const SIMPLE_QUEUE_KEYS = Object.keys(QUEUE_SETTINGS) as readonly SimpleQueueKey[];
