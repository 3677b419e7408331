import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { QueueConfigSchema } from "../../../gen/dlq/v1/queue_pb.ts";
import type { SimpleQueueKey } from "../../config/queue-settings.ts";

/**
 * Where each setting is in `QueueConfig`. What its values may be is said by the row of the setting,
 * which flags, environment and file follow too.
 */
const PATHS = {
  maxRetries: "max_retries",
  nonRetryableReasons: "non_retryable.reasons",
  nonRetryableTypes: "non_retryable.types",
  ttlMs: "ttl",
  ttlAction: "ttl_action",
  quarantineRetentionMs: "quarantine_retention",
  poisonThreshold: "poison_threshold",
  poisonWindowMs: "poison_window",
  dedupWindowMs: "dedup_window",
  leaseDurationMs: "lease_duration",
  maxMessages: "max_messages",
  maxBytes: "max_bytes",
  paused: "pause.paused",
  pausedReason: "pause.reason",
  pausedUntilAtMs: "pause.until",
} as const satisfies Record<SimpleQueueKey, string>;

/**
 * Messages that speak as a whole: what one of them leaves out is not taken from the next level. An
 * empty list of reasons has to mean none, a pause that says no end must not inherit one.
 */
const WHOLE: ReadonlySet<string> = new Set(["non_retryable", "pause"]);

/** Read and written apart: they are no single values. */
export const POLICY_FIELDS = ["retry_policy", "retry_policies"] as const;

export interface QueueField {
  readonly key: SimpleQueueKey;
  /** As a field mask spells it. */
  readonly path: string;
  /** Of the top level. */
  readonly field: DescField;
  /** Of the message in `field`; undefined: `field` is the value itself. */
  readonly inner: DescField | undefined;
  /** Whether it says something as soon as its message is there. */
  readonly whole: boolean;
}

function fieldNamed(message: DescMessage, name: string): DescField {
  const found = message.fields.find((field) => field.name === name);
  if (found === undefined) throw new Error(`${message.typeName} has no field ${name}`);
  return found;
}

export const QUEUE_FIELDS: readonly QueueField[] = Object.entries(PATHS).map(([key, path]) => {
  const [outer = "", name] = path.split(".");
  const field = fieldNamed(QueueConfigSchema, outer);
  const inner =
    name === undefined || field.message === undefined ? undefined : fieldNamed(field.message, name);
  return { key: key as SimpleQueueKey, path, field, inner, whole: WHOLE.has(outer) };
});

/** What this version can set; the contract may already have more. */
export const SUPPORTED: ReadonlySet<string> = new Set([
  ...POLICY_FIELDS,
  ...QUEUE_FIELDS.flatMap(({ path, field }) => [path, field.name]),
]);
