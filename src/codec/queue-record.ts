import { create, type DescField, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  QueueRecordSchema,
  type PastRedact as StoredPastRedact,
} from "../../gen/dlq/storage/v1/queue_pb.ts";
import { type QueueConfig, QueueConfigSchema } from "../../gen/dlq/v1/queue_pb.ts";

/** The configuration of a queue as the contract has it. Opaque to use cases. */
export type { QueueConfig };

/** A queue's configuration that was set with UpdateQueue. */
export interface QueueRecord {
  readonly config: QueueConfig;
  /** Empty: nothing is set. */
  readonly etag: string;
  readonly updatedAtMs: number | undefined;
  /** Undefined: the outbox has no change of a time when more was hidden. */
  readonly pastRedact: PastRedact | undefined;
}

/** What queues of a name hid, until they hid less or were deleted. */
export interface PastRedact {
  /** As of the setting `redact`. */
  readonly entries: readonly string[];
  /** Where the outbox ended then: its epoch, and the number of the next change. */
  readonly epochMs: number;
  readonly next: number;
  /** By the store's clock. */
  readonly endedAtMs: number;
}

export function emptyQueueConfig(): QueueConfig {
  return create(QueueConfigSchema);
}

/** Throws on damaged bytes. */
export function decodeQueueRecord(bytes: Uint8Array): QueueRecord {
  const record = fromBinary(QueueRecordSchema, bytes);
  const { config = emptyQueueConfig(), etag, updateTime, pastRedact } = record;
  return {
    config,
    etag,
    updatedAtMs: updateTime === undefined ? undefined : timestampMs(updateTime),
    pastRedact: pastRedact && pastRedactOf(pastRedact),
  };
}

function pastRedactOf({ entries, epochMs, next, endTime }: StoredPastRedact): PastRedact {
  return {
    entries,
    epochMs: Number(epochMs),
    next: Number(next),
    endedAtMs: endTime === undefined ? 0 : timestampMs(endTime),
  };
}

/** Empty: nothing is to be stored. */
export function encodeQueueRecord(
  config: QueueConfig,
  etag: string,
  nowMs: number,
  past?: PastRedact,
): Uint8Array {
  const isSet = queueConfigBytes(config) > 0;
  const record = create(QueueRecordSchema, {
    ...(isSet && { config, etag, updateTime: timestampFromMs(nowMs) }),
    ...(past && {
      pastRedact: {
        entries: [...past.entries],
        epochMs: BigInt(past.epochMs),
        next: BigInt(past.next),
        endTime: timestampFromMs(past.endedAtMs),
      },
    }),
  });
  return toBinary(QueueRecordSchema, record);
}

/** Returns its encoded size in bytes. 0: nothing is set. */
export function queueConfigBytes(config: QueueConfig): number {
  return toBinary(QueueConfigSchema, config).length;
}

/** Compares the encoded form, so that fields of later versions count too. */
export function isSameQueueConfig(a: QueueConfig, b: QueueConfig): boolean {
  return Buffer.from(toBinary(QueueConfigSchema, a)).equals(toBinary(QueueConfigSchema, b));
}

/** The names of the contract's fields in which the two differ. */
export function changedFields(a: QueueConfig, b: QueueConfig): string[] {
  return QueueConfigSchema.fields
    .filter((field) => !isSameQueueConfig(only(field, a), only(field, b)))
    .map(({ name }) => name);
}

function only({ localName }: DescField, config: QueueConfig): QueueConfig {
  const value = config[localName as keyof QueueConfig];
  return Object.assign(emptyQueueConfig(), { [localName]: value });
}
