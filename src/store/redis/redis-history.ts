import type { Connection } from "./connection.ts";
import { globalKeys } from "./keys.ts";
import { beginEpochs } from "./outbox-epochs.ts";
import { NODE_SILENCE_MS } from "./sessions.ts";
import { LUA_NOW } from "./store-now.ts";

/**
 * Shared by OPEN and CONFIRM. Reads the time, the stored id, and when it last changed. If the clock has stepped back behind
 * that change, sets the change to now.
 */
const READ = `${LUA_NOW}
local id, changed = unpack(redis.call('HMGET', KEYS[1], 'id', 'changed'))
local function change()
  changed = string.format('%.0f', now)
  redis.call('HSET', KEYS[1], 'changed', changed)
end
if changed and tonumber(changed) > now then change() end`;

/**
 * If no other server is alive, notes that epochs of the outbox must begin, until a server has begun them. Returns whether they must.
 * The two keys are in different slots. A sign of life in the future is from before the clock stepped back.
 */
const ARRIVE = `#!lua flags=allow-oom,allow-cross-slot-keys
local history, nodes, own, silence = KEYS[1], ARGV[1], ARGV[2], ARGV[3]${LUA_NOW}
local alive = redis.call('ZRANGEBYSCORE', nodes, now - silence, now)
if #alive == 0 or #alive == 1 and alive[1] == own then redis.call('HSET', history, 'epochs', 'due') end
return redis.call('HEXISTS', history, 'epochs')`;

/**
 * One step, so that of several servers only the first one sees the change. `id` is the replication id and the run id,
 * separated by a space.
 */
const OPEN = `#!lua flags=allow-oom${READ}
local history, run, is_first = ARGV[1], ARGV[2], ARGV[3] == '1'
redis.call('HSET', KEYS[1], 'id', history .. ' ' .. run)
redis.call('HDEL', KEYS[1], 'epochs')
if not id then return changed or '0' end
local last_history, last_run = string.match(id, '^(%w*) ?(%w*)$')
if last_history ~= history and not (is_first and run ~= '' and run == last_run) then change() end
return changed or '0'`;

const CONFIRM = `#!lua flags=allow-oom${READ}
if not id then redis.call('HSET', KEYS[1], 'id', ARGV[1]) end
return changed or '0'`;

/**
 * Ends the sign of life of this server. If no other one is alive, it also removes the id. One step: an answer may be late, and
 * another server may begin in between. The two keys are in different slots.
 */
const LEAVE = `#!lua flags=allow-oom,allow-cross-slot-keys
local history, nodes = KEYS[1], ARGV[1]
redis.call('ZREM', nodes, ARGV[2])${LUA_NOW}
if ARGV[4] == '1' and redis.call('ZCOUNT', nodes, now - ARGV[3], '+inf') == 0 then redis.call('HDEL', history, 'id') end`;

export interface RedisHistoryParts {
  connection: Connection;
  prefix: string;
  nodeId: string;
}

/**
 * Detects that Redis may lack its last writes. Its replication id changes with a restart or failover. It also changes when
 * the first replica attaches, and an hour after the last one left; then the run id is the same, there is no second
 * replication id, and nothing is lost. Which writes are missing is unknown: a message that was due before may have been
 * delivered.
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

  /**
   * Compares Redis' ids with the stored ones, and stores a change. The first server after a time without any begins epochs of the
   * outbox: meanwhile older data may have been imported, and the ids are equal if Redis did not restart. Call it before the first
   * use of each connection.
   *
   * @param writeSignOfLife of this server. It comes after the look for others, since of two servers that start at once each would see
   *   the other one, and before the ids, since `leave` of another server could remove them
   */
  async open(writeSignOfLife: () => Promise<void>): Promise<void> {
    const { connection, prefix } = this.#parts;
    const areEpochsDue = await this.#areEpochsDue();
    await writeSignOfLife();
    const info = await connection.command((redis) => redis.info("server", "replication"));
    const history = field(info, "master_replid");
    const run = field(info, "run_id");
    this.#id = history && `${history} ${run}`;
    if (history === "") return;
    // Before the id is stored, so that a server that dies in between leaves it to the next one.
    const id = await connection.command((redis) => redis.hget(this.#key, "id"));
    if (id === null || areEpochsDue) await beginEpochs(connection, prefix);
    const isFirst = /^0*$/.test(field(info, "master_replid2")) ? 1 : 0;
    const changed = await connection.command((redis) =>
      redis.eval(OPEN, 1, this.#key, history, run, isFirst),
    );
    this.#changedAtMs = Number(changed);
  }

  async #areEpochsDue(): Promise<boolean> {
    const { connection, prefix, nodeId } = this.#parts;
    const { nodes } = globalKeys(prefix);
    const args = [nodes, nodeId, NODE_SILENCE_MS];
    return (await connection.command((redis) => redis.eval(ARRIVE, 1, this.#key, ...args))) === 1;
  }

  /**
   * Writes the id again if it is missing: another server that ended while this one was silent has removed it. Call it after
   * each sign of life.
   */
  async confirm(): Promise<void> {
    if (this.#id === "") return;
    const { connection } = this.#parts;
    const changed = await connection.command((redis) =>
      redis.eval(CONFIRM, 1, this.#key, this.#id),
    );
    this.#changedAtMs = Number(changed);
  }

  /**
   * Ends this server's sign of life. The last server also removes the id, so that a restart of Redis after it is no rollback:
   * if Redis has this write, it has all earlier ones.
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

/** A word of Redis' INFO; "": it is missing. */
function field(info: string, name: string): string {
  return new RegExp(`^${name}:(\\w+)`, "m").exec(info)?.[1] ?? "";
}
