import { randomBytes } from "node:crypto";
import { tooManyQueues } from "../../core/errors.ts";
import type { QueueConfigRecord, QueueConfigs } from "../contract.ts";
import type { Connection } from "./connection.ts";
import { globalKeys } from "./keys.ts";

/** Fields of one step through all of them: others wait for it. */
const PAGE = 500;
/** Of no queue: the revision of all. */
const REVISION = "";

const FULL = -1;

/**
 * Writes one record, if what is there is what was seen, and a new revision with it. Raising a limit
 * or pausing must also be possible when memory is full. A user without rights on channels loses the
 * hint, not the change.
 */
const REPLACE = `#!lua flags=allow-oom
local queue, seen, record, revision, most, channel = unpack(ARGV)
local there = redis.call('HGET', KEYS[1], queue) or ''
if there ~= seen then return 0 end
-- The revision has a field, too.
if there == '' and redis.call('HLEN', KEYS[1]) > tonumber(most) then return ${FULL} end
if record == '' then
  redis.call('HDEL', KEYS[1], queue)
else
  redis.call('HSET', KEYS[1], queue, record)
end
redis.call('HSET', KEYS[1], '${REVISION}', revision)
redis.pcall('PUBLISH', channel, queue)
return 1`;

export interface QueueConfigsParts {
  connection: Connection;
  prefix: string;
  /** Records that there may be. */
  most: number;
  /** Before each use of the store; see Opening. */
  enter(): Promise<void> | undefined;
  /** Writes the layout's version, where none is. */
  sayLayout(): Promise<void>;
}

type Change = (queues: readonly string[]) => void;

/** Records in one hash, and a copy of them here that follows its revision. */
export class RedisQueueConfigs implements QueueConfigs {
  readonly #parts: QueueConfigsParts;
  readonly #key: string;
  readonly #channel: string;
  readonly #onChange: Change[] = [];
  #records: ReadonlyMap<string, QueueConfigRecord> = new Map();
  /** Of `records`. Random, so that two stores never share one; undefined: nothing was read yet. */
  #revision: string | undefined;
  #running: Promise<unknown> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(parts: QueueConfigsParts) {
    this.#parts = parts;
    const { configs, config } = globalKeys(parts.prefix);
    this.#key = configs;
    this.#channel = config;
  }

  get(queue: string): QueueConfigRecord | undefined {
    return this.#records.get(queue);
  }

  names(): Iterable<string> {
    return this.#records.keys();
  }

  onChange(listener: Change): void {
    this.#onChange.push(listener);
  }

  async refresh(): Promise<void> {
    await this.#parts.enter();
    await this.#look();
  }

  /** At a new connection, before the store may be used: it may be another one, or an earlier state. */
  reload(): Promise<void> {
    return this.#look();
  }

  async replace(
    queue: string,
    seen: QueueConfigRecord | undefined,
    encode: ((nowMs: number) => Uint8Array) | undefined,
  ): Promise<boolean> {
    const { connection, enter, most, sayLayout } = this.#parts;
    await enter();
    await sayLayout();
    const nowMs = await connection.command(async (redis) => {
      const [seconds, micros] = await redis.time();
      return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
    });
    const before = seen === undefined ? "" : Buffer.from(seen.bytes);
    const after = encode === undefined ? "" : Buffer.from(encode(nowMs));
    const revision = randomBytes(8).toString("hex");
    const args = [queue, before, after, revision, most, this.#channel];
    const done = await connection.command((redis) => redis.eval(REPLACE, 1, this.#key, ...args));
    if (done === FULL) throw tooManyQueues(most);
    return done === 1;
  }

  /** Calls of a moment share a look; none shares one that began before it. */
  #look(): Promise<void> {
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      const look = this.#lookOnce();
      this.#running = look.catch(() => {});
      return look;
    });
    return this.#next;
  }

  async #lookOnce(): Promise<void> {
    const { connection } = this.#parts;
    // Read before the records: what changes while they are read is found by the next look.
    const revision =
      (await connection.command((redis) => redis.hget(this.#key, REVISION))) ?? "none";
    if (revision === this.#revision) return;
    const records = await this.#readAll();
    const changed = [...new Set([...this.#records.keys(), ...records.keys()])].filter(
      (queue) => this.#records.get(queue) !== records.get(queue),
    );
    this.#records = records;
    this.#revision = revision;
    if (changed.length > 0) for (const listener of this.#onChange) listener(changed);
  }

  async #readAll(): Promise<Map<string, QueueConfigRecord>> {
    const records = new Map<string, QueueConfigRecord>();
    let cursor = "0";
    do {
      const [next, fields] = await this.#parts.connection.command((redis) =>
        redis.hscanBuffer(this.#key, cursor, "COUNT", PAGE),
      );
      for (let at = 0; at + 1 < fields.length; at += 2) {
        const queue = String(fields[at]);
        if (queue !== REVISION) records.set(queue, this.#keep(queue, fields[at + 1] as Buffer));
      }
      cursor = String(next);
    } while (cursor !== "0");
    return records;
  }

  /** What has not changed stays the same object: whatever was made of it is still good. */
  #keep(queue: string, bytes: Buffer): QueueConfigRecord {
    const known = this.#records.get(queue);
    return known !== undefined && bytes.equals(known.bytes) ? known : { bytes };
  }
}
