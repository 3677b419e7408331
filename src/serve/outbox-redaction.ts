import type { Redis } from "ioredis";
import { mayNeedRedaction, shownChange } from "../app/events/shown-changes.ts";
import { SettingsInForce } from "../app/queues/settings-in-force.ts";
import type { Config } from "../config/config.ts";
import type { OutboxChange, OutboxItem } from "../store/contract/outbox.ts";
import type { StoredRecord } from "../store/contract.ts";
import { partitionKeys } from "../store/redis/keys.ts";
import { partitionOf } from "../store/redis/partitions.ts";
import { createQueueConfiguration } from "./queue-configuration.ts";

/** Hides in state changes what their queues redact now, or did when the changes were made (see `shownChange`). */
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
    const isHidden = (item: OutboxItem): item is OutboxChange =>
      "kind" in item && mayNeedRedaction(item);
    const queues = new Set(items.filter(isHidden).map(({ queue }) => queue));
    const records = new Map<string, StoredRecord | undefined>();
    for (const queue of queues) records.set(queue, await this.#recordOf(queue));
    this.#records = records;
    return items.map((item) =>
      isHidden(item) ? shownChange(item, this.#settings.redactOf(item)) : item,
    );
  }

  async #recordOf(queue: string): Promise<StoredRecord | undefined> {
    const { settings } = partitionKeys(this.#prefix, partitionOf(queue));
    const bytes = await this.#redis.hgetBuffer(settings, queue);
    return bytes === null ? undefined : { bytes };
  }
}
