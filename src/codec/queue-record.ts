import { create, type DescField, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { QueueRecordSchema } from "../../gen/dlq/storage/v1/queue_pb.ts";
import { type QueueConfig, QueueConfigSchema } from "../../gen/dlq/v1/queue_pb.ts";

/** The configuration of a queue as the contract has it. Opaque to use cases. */
export type { QueueConfig };

/** A queue's configuration that was set with UpdateQueue. */
export interface QueueRecord {
  readonly config: QueueConfig;
  /** Empty: nothing is set. */
  readonly etag: string;
  readonly updatedAtMs: number | undefined;
}

export function emptyQueueConfig(): QueueConfig {
  return create(QueueConfigSchema);
}

/** Throws on damaged bytes. */
export function decodeQueueRecord(bytes: Uint8Array): QueueRecord {
  const { config = emptyQueueConfig(), etag, updateTime } = fromBinary(QueueRecordSchema, bytes);
  return {
    config,
    etag,
    updatedAtMs: updateTime === undefined ? undefined : timestampMs(updateTime),
  };
}

export function encodeQueueRecord(config: QueueConfig, etag: string, nowMs: number): Uint8Array {
  const record = create(QueueRecordSchema, { config, etag, updateTime: timestampFromMs(nowMs) });
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
