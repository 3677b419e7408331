import type { Connection } from "./connection.ts";
import { globalKeys } from "./keys.ts";
import { NODE_SILENCE_MS } from "./sessions.ts";
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

/**
 * Ends the sign of life of this server. If no other one is alive, it also removes the id. One step: an answer may be late, and
 * another server may begin in between. The two keys are in different slots.
 */
const LEAVE = `#!lua flags=allow-oom,allow-cross-slot-keys
local history, nodes = KEYS[1], ARGV[1]
redis.call('ZREM', nodes, ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[4] == '1' and redis.call('ZCOUNT', nodes, now - ARGV[3], '+inf') == 0 then redis.call('HDEL', history, 'id') end`;

export interface RedisHistoryParts {
  connection: Connection;
  prefix: string;
  nodeId: string;
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

  /** After each sign of life: another server that ended during a silence of this one has removed the id. */
  async confirm(): Promise<void> {
    if (this.#id === "") return;
    const { connection } = this.#parts;
    await connection.command((redis) => writeWhenFull(redis, "HSETNX", this.#key, "id", this.#id));
  }

  /**
   * At an orderly end. If this was the last server, Redis may restart unnoticed: where this write is, all earlier ones are.
   *
   * @param isChecked this server has compared the id on the present connection; if not, the id stays
   */
  async leave(isChecked: boolean): Promise<void> {
    const { connection, prefix, nodeId } = this.#parts;
    const { nodes } = globalKeys(prefix);
    const args = [nodes, nodeId, NODE_SILENCE_MS, isChecked ? 1 : 0];
    await connection.command((redis) => redis.eval(LEAVE, 1, this.#key, ...args));
  }
}
