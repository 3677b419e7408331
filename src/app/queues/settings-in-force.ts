import {
  decodeQueueRecord,
  emptyQueueConfig,
  type QueueConfig,
  type QueueRecord,
} from "../../codec/queue-record.ts";
import { UNREADABLE_ETAG } from "../../codec/unreadable.ts";
import { REDACT_ALL } from "../../core/redaction/entry.ts";
import type { QueueSettings } from "../../core/settings.ts";
import type { Store, StoredRecord } from "../../store/contract.ts";
import type { DecisionLog } from "../observer.ts";

export interface InForceParts {
  store: { configs: Pick<Store["configs"], "get"> };
  /** Settings from the server's own configuration, over the defaults. */
  configured(queue: string): QueueSettings;
  /**
   * Applies the stored configuration on top. Never throws: values that cannot be read are left out.
   */
  resolve(queue: string, stored: QueueConfig): QueueSettings;
  log: Pick<DecisionLog, "warn">;
}

interface Decoded extends QueueRecord {
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

  /** Returns the settings in force of a queue. */
  readonly of = (queue: string): QueueSettings => {
    const record = this.#parts.store.configs.get(queue);
    return record === undefined
      ? this.#parts.configured(queue)
      : this.#decoded(queue, record).settings;
  };

  /** The settings that would be in force with this configuration. */
  with(queue: string, config: QueueConfig): QueueSettings {
    return this.#parts.resolve(queue, config);
  }

  stored(queue: string): QueueRecord {
    const record = this.#parts.store.configs.get(queue);
    if (record !== undefined) return this.#decoded(queue, record);
    return { config: emptyQueueConfig(), etag: "", updatedAtMs: undefined };
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
      const record = decodeQueueRecord(bytes);
      return { ...record, settings: resolve(queue, record.config) };
    } catch (error) {
      // Unknown or damaged: the queue works without it, and the next update replaces it.
      log.warn(
        { queue, error: String(error) },
        "the stored configuration of a queue cannot be read; using the server's configuration until the next UpdateQueue",
      );
      const config = emptyQueueConfig();
      // What it hides is unknown, and must not be shown.
      const settings = { ...configured(queue), redact: REDACT_ALL };
      return { config, etag: UNREADABLE_ETAG, updatedAtMs: undefined, settings };
    }
  }
}
