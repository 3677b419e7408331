import { create, fromBinary } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { QueueRecordSchema } from "../../../gen/dlq/storage/v1/queue_pb.ts";
import { type QueueConfig, QueueConfigSchema } from "../../../gen/dlq/v1/queue_pb.ts";
import type { QueueSettings } from "../../core/settings.ts";
import type { Store, StoredRecord } from "../../store/contract.ts";
import type { DecisionLog } from "../observer.ts";

/** A queue's configuration that was set with UpdateQueue. */
export interface StoredConfig {
  readonly config: QueueConfig;
  /** Empty: nothing is set. */
  readonly etag: string;
  readonly updatedAtMs: number | undefined;
}

export interface InForceParts {
  store: Pick<Store, "configs">;
  /** Settings from the server's own configuration, over the defaults. */
  configured(queue: string): QueueSettings;
  /**
   * Applies the stored configuration on top. Never throws: values that cannot be read are left out.
   */
  resolve(queue: string, own: QueueConfig): QueueSettings;
  log: Pick<DecisionLog, "warn">;
}

interface Decoded extends StoredConfig {
  settings: QueueSettings;
}

/**
 * The settings of every queue in force now. Each decision looks them up, so that a change applies
 * to the next one. A lookup is one map access; a record is decoded once for each change.
 */
export class SettingsInForce {
  readonly #parts: InForceParts;
  /** A changed record is a new object, so entries are never out of date. */
  readonly #cache = new WeakMap<StoredRecord, Decoded>();

  constructor(parts: InForceParts) {
    this.#parts = parts;
  }

  readonly of = (queue: string): QueueSettings => {
    const record = this.#parts.store.configs.get(queue);
    return record === undefined
      ? this.#parts.configured(queue)
      : this.#decoded(queue, record).settings;
  };

  stored(queue: string): StoredConfig {
    const record = this.#parts.store.configs.get(queue);
    if (record !== undefined) return this.#decoded(queue, record);
    return { config: create(QueueConfigSchema), etag: "", updatedAtMs: undefined };
  }

  #decoded(queue: string, record: StoredRecord): Decoded {
    let decoded = this.#cache.get(record);
    if (decoded === undefined) {
      decoded = this.#decode(queue, record);
      this.#cache.set(record, decoded);
    }
    return decoded;
  }

  #decode(queue: string, { bytes }: StoredRecord): Decoded {
    const { configured, resolve, log } = this.#parts;
    try {
      const { config = create(QueueConfigSchema), etag, updateTime } = decode(bytes);
      const updatedAtMs = updateTime === undefined ? undefined : timestampMs(updateTime);
      return { config, etag, updatedAtMs, settings: resolve(queue, config) };
    } catch (error) {
      // Unknown or damaged: the queue works without it, and the next update replaces it.
      log.warn(
        { queue, error: String(error) },
        "the stored configuration of a queue cannot be read; using the server's configuration until the next UpdateQueue",
      );
      const config = create(QueueConfigSchema);
      return { config, etag: UNREADABLE, updatedAtMs: undefined, settings: configured(queue) };
    }
  }
}

/** An etag that no record has. */
const UNREADABLE = "unreadable";

function decode(bytes: Uint8Array) {
  return fromBinary(QueueRecordSchema, bytes);
}
