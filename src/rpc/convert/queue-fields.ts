import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { QueueConfigSchema } from "../../../gen/dlq/v1/queue_pb.ts";
import type { SimpleQueueKey } from "../../config/queue-settings.ts";

/**
 * Where each setting is in `QueueConfig`. Its allowed values are those of the setting, as for
 * flags, environment and file.
 */
const PATHS = {
  maxRetries: "max_retries",
  nonRetryableReasons: "non_retryable.reasons",
  nonRetryableTypes: "non_retryable.types",
  ttlMs: "ttl",
  ttlAction: "ttl_action",
  quarantineRetentionMs: "quarantine_retention",
  retainSucceededMs: "retain_succeeded",
  retainDeletedMs: "retain_deleted",
  retainBytes: "retain_bytes",
  poisonThreshold: "poison_threshold",
  poisonWindowMs: "poison_window",
  dedupWindowMs: "dedup_window",
  leaseDurationMs: "lease_duration",
  maxMessages: "max_messages",
  maxBytes: "max_bytes",
  paused: "pause.paused",
  pausedReason: "pause.reason",
  pausedUntilAtMs: "pause.until",
  ratePerSecond: "rate.per_second",
  rateBurst: "rate.burst",
  keyAttribute: "key_limits.attribute",
  keyRatePerSecond: "key_limits.rate.per_second",
  keyRateBurst: "key_limits.rate.burst",
  keyMaxInFlight: "key_limits.max_in_flight",
  breaker: "breaker.scope",
  breakerWindowMs: "breaker.window",
  breakerMinimumVolume: "breaker.minimum_volume",
  breakerFailureRatio: "breaker.failure_ratio",
  breakerConsecutiveFailures: "breaker.consecutive_failures",
  breakerOpenMs: "breaker.open_time",
  breakerMaxOpenMs: "breaker.max_open_time",
  breakerProbes: "breaker.probes",
  breakerProbeTimeoutMs: "breaker.probe_timeout",
  breakerReasons: "breaker.reasons",
  retryBudgetRatio: "retry_budget.ratio",
  retryBudgetMinPerSecond: "retry_budget.min_per_second",
  ordering: "ordering.mode",
  orderingHoldMaxAgeMs: "ordering.hold_max_age",
  redact: "redact.entries",
} as const satisfies Record<SimpleQueueKey, string>;

/**
 * Messages that replace as a whole: an absent part is not inherited from the next layer. An empty
 * list of reasons must mean none, and a pause without an end must not inherit one.
 */
const WHOLE: ReadonlySet<string> = new Set([
  "non_retryable",
  "pause",
  "rate",
  "key_limits",
  "retry_budget",
  "redact",
]);

/** Fields that are not single values; converted separately. */
export const FIELDS_APART = ["retry_policy", "retry_policies", "transforms"] as const;

export interface QueueField {
  readonly key: SimpleQueueKey;
  /** The path in a field mask. */
  readonly path: string;
  /** The messages that contain it, from the top level. */
  readonly messages: readonly DescField[];
  /** The value itself. */
  readonly field: DescField;
  /** Whether it counts as set if its message is set. */
  readonly whole: boolean;
}

function fieldNamed(message: DescMessage, name: string): DescField {
  const found = message.fields.find((field) => field.name === name);
  if (found === undefined) throw new Error(`${message.typeName} has no field ${name}`);
  return found;
}

/** `a.b.c` gives `a`, `a.b` and `a.b.c`. */
function pathsTo(path: string): string[] {
  const names = path.split(".");
  return names.map((_, index) => names.slice(0, index + 1).join("."));
}

export const QUEUE_FIELDS: readonly QueueField[] = Object.entries(PATHS).map(([key, path]) => {
  const chain: DescField[] = [];
  for (const name of path.split(".")) {
    chain.push(fieldNamed(chain.at(-1)?.message ?? QueueConfigSchema, name));
  }
  const messages = chain.slice(0, -1);
  const [outer = ""] = path.split(".");
  const field = chain.at(-1) as DescField;
  return { key: key as SimpleQueueKey, path, messages, field, whole: WHOLE.has(outer) };
});

/** The path of a setting, for messages. */
export const pathOfSetting = (key: SimpleQueueKey): string => PATHS[key];

/** The fields that this version supports. */
export const SUPPORTED: ReadonlySet<string> = new Set([
  ...FIELDS_APART,
  ...QUEUE_FIELDS.flatMap(({ path }) => pathsTo(path)),
]);
