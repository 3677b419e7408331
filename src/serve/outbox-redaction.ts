import type { Redis } from "ioredis";
import { SettingsInForce } from "../app/queues/settings-in-force.ts";
import type { Config } from "../config/config.ts";
import { REDACTED } from "../core/redaction/hidden-values.ts";
import type { OutboxChange, OutboxItem } from "../store/contract/outbox.ts";
import type { StoredRecord } from "../store/contract.ts";
import { partitionKeys } from "../store/redis/keys.ts";
import { partitionOf } from "../store/redis/partitions.ts";
import { createQueueConfiguration } from "./queue-configuration.ts";

/**
 * Hides the notes of workers in state changes of queues that redact values: a note is any text, and may quote the message.
 * Attributes that a queue redacts are not in its state changes.
 */
export class OutboxRedaction {
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #settings: SettingsInForce;
  #records: ReadonlyMap<string, StoredRecord | undefined> = new Map();

  constructor(redis: Redis, config: Config) {
    this.#redis = redis;
    this.#prefix = config.redisPrefix;
    const get = (queue: string) => this.#records.get(queue);
    this.#settings = new SettingsInForce({
      ...createQueueConfiguration(config),
      store: { configs: { get } },
      log: { warn() {} },
    });
  }

  /** Reads the present settings of the queues. Rejects if Redis does not answer. */
  async shown(items: readonly OutboxItem[]): Promise<OutboxItem[]> {
    const queues = new Set(items.filter(hasNoteOfWorker).map(({ queue }) => queue));
    const records = new Map<string, StoredRecord | undefined>();
    for (const queue of queues) records.set(queue, await this.#recordOf(queue));
    this.#records = records;
    return items.map((item) =>
      hasNoteOfWorker(item) && this.#settings.of(item.queue).redact.length > 0
        ? { ...item, note: REDACTED }
        : item,
    );
  }

  async #recordOf(queue: string): Promise<StoredRecord | undefined> {
    const { settings } = partitionKeys(this.#prefix, partitionOf(queue));
    const bytes = await this.#redis.hgetBuffer(settings, queue);
    return bytes === null ? undefined : { bytes };
  }
}

/** Other notes are names of rules, queues and keys; a discarded message may have either. */
function hasNoteOfWorker(item: OutboxItem): item is OutboxChange {
  if (!("kind" in item) || item.note === "") return false;
  return item.kind === "DISCARDED" || item.quarantineReason === "WORKER_REQUEST";
}
