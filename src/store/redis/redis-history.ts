import type { Connection } from "./connection.ts";
import { globalKeys } from "./keys.ts";
import { writeWhenFull } from "./when-full.ts";

/** One step: of several servers the first one sees the change. */
const OPEN = `#!lua flags=allow-oom
local id, changed = unpack(redis.call('HMGET', KEYS[1], 'id', 'changed'))
if id == ARGV[1] then return changed or '0' end
redis.call('HSET', KEYS[1], 'id', ARGV[1])
if id then
  local time = redis.call('TIME')
  changed = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
  redis.call('HSET', KEYS[1], 'changed', changed)
end
return changed or '0'`;

export interface RedisHistoryParts {
  connection: Connection;
  prefix: string;
  /** The servers with a recent sign of life. */
  aliveNodes(): Promise<ReadonlySet<string>>;
}

/**
 * Notices when Redis may lack its last writes. Its replication id names the history of its data; a restart and a failover
 * begin another one. Which writes are missing is unknown: a message that was due before may have been delivered.
 */
export class RedisHistory {
  readonly #parts: RedisHistoryParts;
  readonly #key: string;
  #id = "";
  #changedAtMs = 0;

  constructor(parts: RedisHistoryParts) {
    this.#parts = parts;
    this.#key = globalKeys(parts.prefix).history;
  }

  /** When a server first saw the latest change, by the store's clock; 0: there was none. */
  get changedAtMs(): number {
    return this.#changedAtMs;
  }

  /** Before the first use of each connection, and after a sign of life of this server: see `leave`. */
  async open(): Promise<void> {
    const { connection } = this.#parts;
    const info = await connection.command((redis) => redis.info("replication"));
    this.#id = /^master_replid:(\w+)/m.exec(info)?.[1] ?? "";
    if (this.#id === "") return;
    const changed = await connection.command((redis) => redis.eval(OPEN, 1, this.#key, this.#id));
    this.#changedAtMs = Number(changed);
  }

  /**
   * At an orderly end, after this server no longer counts as alive. If it was the last one, Redis may restart unnoticed: where
   * this write is, all earlier ones are.
   */
  async leave(): Promise<void> {
    if (this.#id === "") return;
    const { connection, aliveNodes } = this.#parts;
    await connection.command((redis) => redis.hdel(this.#key, "id"));
    if ((await aliveNodes()).size === 0) return;
    await connection.command((redis) => writeWhenFull(redis, "HSETNX", this.#key, "id", this.#id));
  }
}
