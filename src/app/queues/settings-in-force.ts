import { create, fromBinary } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { QueueRecordSchema } from "../../../gen/dlq/storage/v1/queue_pb.ts";
import { type QueueConfig, QueueConfigSchema } from "../../../gen/dlq/v1/queue_pb.ts";
import type { QueueSettings } from "../../core/settings.ts";
import type { Store, StoredRecord } from "../../store/contract.ts";
import type { DecisionLog } from "../observer.ts";

/** What was set of a queue while servers ran. */
export interface StoredConfig {
  readonly config: QueueConfig;
  /** Empty: nothing is set. */
  readonly etag: string;
  readonly updatedAtMs: number | undefined;
}

export interface InForceParts {
  store: Pick<Store, "configs">;
  /** What the server's configuration says of a queue, over the defaults. */
  configured(queue: string): QueueSettings;
  /** Puts what was set over that. Never throws: what can't be read is left out. */
  resolve(queue: string, own: QueueConfig): QueueSettings;
  log: Pick<DecisionLog, "warn">;
}

interface Read extends StoredConfig {
  settings: QueueSettings;
}

/**
 * The settings of every queue at this moment. Asked with each decision, so that a change acts on the
 * next one: a look into a map, and what was set is read once for each change.
 */
export class SettingsInForce {
  readonly #parts: InForceParts;
  /** Records are others when they change, so nothing here is ever out of date. */
  readonly #read = new WeakMap<StoredRecord, Read>();

  constructor(parts: InForceParts) {
    this.#parts = parts;
  }

  readonly of = (queue: string): QueueSettings => {
    const record = this.#parts.store.configs.get(queue);
    return record === undefined
      ? this.#parts.configured(queue)
      : this.#reading(queue, record).settings;
  };

  stored(queue: string): StoredConfig {
    const record = this.#parts.store.configs.get(queue);
    if (record !== undefined) return this.#reading(queue, record);
    return { config: create(QueueConfigSchema), etag: "", updatedAtMs: undefined };
  }

  #reading(queue: string, record: StoredRecord): Read {
    let read = this.#read.get(record);
    if (read === undefined) {
      read = this.#readNow(queue, record);
      this.#read.set(record, read);
    }
    return read;
  }

  #readNow(queue: string, { bytes }: StoredRecord): Read {
    const { configured, resolve, log } = this.#parts;
    try {
      const { config = create(QueueConfigSchema), etag, updateTime } = decode(bytes);
      const updatedAtMs = updateTime === undefined ? undefined : timestampMs(updateTime);
      return { config, etag, updatedAtMs, settings: resolve(queue, config) };
    } catch (error) {
      // Not ours, or damaged: the queue goes on without it, and the next update replaces it.
      log.warn({ queue, error: String(error) }, "what was set of a queue can't be read");
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
