import {
  decodeQueueRecord,
  emptyQueueConfig,
  type QueueConfig,
  type QueueRecord,
} from "../../codec/queue-record.ts";
import { UNREADABLE_ETAG } from "../../codec/unreadable.ts";
import { REDACT_ALL } from "../../core/redaction/entry.ts";
import type { QueueSettings } from "../../core/settings.ts";
import type { OutboxChange, Store, StoredRecord } from "../../store/contract.ts";
import type { DecisionLog } from "../observer.ts";
import { isBefore } from "./past-redact.ts";

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
  /** With what was hidden before. */
  redactBefore: readonly string[];
}

const NOTHING_STORED: QueueRecord = {
  config: emptyQueueConfig(),
  ...{ etag: "", updatedAtMs: undefined, pastRedact: undefined },
};

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

  /**
   * Returns what must be hidden in a state change: what its queue hides now, and what it hid when the change was made, unless only
   * the server's own configuration had that.
   */
  readonly redactOf = (
    change: Pick<OutboxChange, "queue" | "epochMs" | "number">,
  ): readonly string[] => {
    const record = this.#parts.store.configs.get(change.queue);
    if (record === undefined) return this.#parts.configured(change.queue).redact;
    const { settings, pastRedact, redactBefore } = this.#decoded(change.queue, record);
    return pastRedact !== undefined && isBefore(change, pastRedact)
      ? redactBefore
      : settings.redact;
  };

  /** The settings that would be in force with this configuration. */
  with(queue: string, config: QueueConfig): QueueSettings {
    return this.#parts.resolve(queue, config);
  }

  stored(queue: string): QueueRecord {
    const record = this.#parts.store.configs.get(queue);
    if (record !== undefined) return this.#decoded(queue, record);
    return NOTHING_STORED;
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
      const settings = resolve(queue, record.config);
      const past = record.pastRedact?.entries ?? [];
      return { ...record, settings, redactBefore: [...new Set([...settings.redact, ...past])] };
    } catch (error) {
      // Unknown or damaged: the queue works without it, and the next update replaces it.
      log.warn(
        { queue, error: String(error) },
        "the stored configuration of a queue cannot be read; using the server's configuration until the next UpdateQueue",
      );
      // What it hides is unknown, and must not be shown.
      const settings = { ...configured(queue), redact: REDACT_ALL };
      return { ...NOTHING_STORED, etag: UNREADABLE_ETAG, settings, redactBefore: REDACT_ALL };
    }
  }
}
