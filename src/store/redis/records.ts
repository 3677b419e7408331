import { randomBytes } from "node:crypto";
import { storeUnavailable, tooManyQueues, tooManySettings } from "../../core/errors.ts";
import { LIMITS } from "../../core/settings.ts";
import type { Records, StoredRecord } from "../contract.ts";
import type { Connection } from "./connection.ts";
import { allPartitionKeys, globalKeys } from "./keys.ts";
import { partitionOf } from "./partitions.ts";
import { storeNowMs } from "./store-now.ts";

/** Fields of one step through all records: others wait for it. A record has up to LIMITS.queueConfigBytes. */
const PAGE = 100;
/** The field of the latest changes, one a line: a random revision and a name. */
const CHANGES = "";
/** The field of the last of them, so that a look at many hashes without changes reads little. No queue has this name. */
const LATEST = "/";
/** Changes that are kept. A copy that lacks only some of them reads their records, and any other one reads all records. */
const CHANGES_KEPT = 32;

/** A server that starts reads the records within this time, if the store answers. */
const AGAIN_MS = 250;

/**
 * Writes one record and its change, if the stored record is the one that was seen. Also runs when memory is full, so
 * that a limit can be raised. A user without rights on channels loses the hint, not the change.
 */
const REPLACE = `#!lua flags=allow-oom
local name, seen, record, revision, channel = unpack(ARGV)
local there = redis.call('HGET', KEYS[1], name) or ''
if there ~= seen then return 0 end
if record == '' then
  redis.call('HDEL', KEYS[1], name)
else
  redis.call('HSET', KEYS[1], name, record)
end
local changes = {}
for line in string.gmatch(redis.call('HGET', KEYS[1], '${CHANGES}') or '', '[^\\n]+') do changes[#changes + 1] = line end
changes[#changes + 1] = revision .. ' ' .. name
local first = math.max(1, #changes - ${CHANGES_KEPT} + 1)
redis.call('HSET', KEYS[1], '${CHANGES}', table.concat(changes, '\\n', first), '${LATEST}', changes[#changes])
redis.pcall('PUBLISH', channel, name)
return 1`;

export interface RecordsParts {
  connection: Connection;
  prefix: string;
  /** The hashes of the records. */
  keys: readonly string[];
  /** Returns the index of the hash that has the record of a name. */
  hashOf(name: string): number;
  /** Most records: as many as queues. */
  most: number;
  /** Called before each use of the store; see Opening. */
  enter(): Promise<void> | undefined;
  /** Writes the version of the layout, if there is none. */
  writeLayout(): Promise<void>;
}

type Change = (names: readonly string[]) => void;

/** Records in hashes, and a copy of them in this process that follows their changes. */
export class RedisRecords implements Records {
  readonly #parts: RecordsParts;
  readonly #channel: string;
  readonly #onChange: Change[] = [];
  #records: ReadonlyMap<string, StoredRecord> = new Map();
  /** The size of all records of the copy. */
  #bytes = 0;
  /** The latest change of each hash that the copy has. Its revision is random, so that two stores never have the same. */
  #latest: readonly string[];
  #hasRead = false;
  #running: Promise<unknown> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(parts: RecordsParts) {
    this.#parts = parts;
    this.#latest = parts.keys.map(() => "");
    this.#channel = globalKeys(parts.prefix).config;
  }

  get(name: string): StoredRecord | undefined {
    if (!this.#hasRead) throw storeUnavailable(AGAIN_MS);
    return this.#records.get(name);
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

  /** After a new connection, before the store may be used: its data may be other than before. */
  reload(): Promise<void> {
    return this.#look();
  }

  async replace(
    name: string,
    seen: StoredRecord | undefined,
    encode: ((nowMs: number) => Uint8Array) | undefined,
  ): Promise<boolean> {
    const { connection, enter, keys, hashOf, most, writeLayout } = this.#parts;
    await enter();
    await writeLayout();
    const nowMs = await connection.command(storeNowMs);
    const before = seen === undefined ? "" : Buffer.from(seen.bytes);
    const after = encode === undefined ? "" : Buffer.from(encode(nowMs));
    this.#checkSize(after.length - before.length);
    if (seen === undefined && this.#records.size >= most) throw tooManyQueues(most);
    const revision = randomBytes(8).toString("hex");
    const args = [name, before, after, revision, this.#channel];
    const key = keys[hashOf(name)] as string;
    return (await connection.command((redis) => redis.eval(REPLACE, 1, key, ...args))) === 1;
  }

  /** By the copy, as the number of records: concurrent changes on several servers may exceed the limit by their own size. */
  #checkSize(grownBytes: number): void {
    const bytes = this.#bytes + grownBytes;
    const most = LIMITS.queueConfigsBytes;
    if (grownBytes > 0 && bytes > most) throw tooManySettings(bytes, most);
  }

  /** Concurrent calls share a look; a call never shares one that began before it. */
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
    // Read before the records: the next look finds what changes while they are read.
    const latest = await this.#readLatest();
    const changedHashes = [...latest.keys()].filter((hash) => latest[hash] !== this.#latest[hash]);
    if (this.#hasRead && changedHashes.length === 0) return;
    const records = new Map(this.#records);
    for (const hash of changedHashes) {
      const changes = await this.#readChanges(hash);
      const known = changes.indexOf(this.#latest[hash] ?? "");
      if (this.#hasRead && known >= 0)
        await this.#readSome(hash, changes.slice(known + 1), records);
      else await this.#readAll(hash, records);
    }
    const changed = [...new Set([...this.#records.keys(), ...records.keys()])].filter(
      (name) => this.#records.get(name) !== records.get(name),
    );
    this.#records = records;
    this.#bytes = 0;
    for (const { bytes } of records.values()) this.#bytes += bytes.length;
    this.#latest = latest;
    this.#hasRead = true;
    if (changed.length > 0) for (const listener of this.#onChange) listener(changed);
  }

  /** The last change of each hash. Empty: a hash without any has no records. */
  async #readLatest(): Promise<string[]> {
    const { connection, keys } = this.#parts;
    const latest = await connection.read<string | null>((reading) => {
      for (const key of keys) reading.hget(key, LATEST);
    });
    return latest.map((change) => change ?? "");
  }

  async #readChanges(hash: number): Promise<string[]> {
    const { connection, keys } = this.#parts;
    const text = await connection.command((redis) => redis.hget(keys[hash] as string, CHANGES));
    return (text ?? "").split("\n");
  }

  async #readSome(hash: number, changes: readonly string[], records: Map<string, StoredRecord>) {
    const names = [...new Set(changes.map((change) => change.slice(change.indexOf(" ") + 1)))];
    const found = await this.#parts.connection.command((redis) =>
      redis.hmgetBuffer(this.#parts.keys[hash] as string, ...names),
    );
    names.forEach((name, at) => {
      const bytes = found[at];
      if (bytes) records.set(name, this.#keep(name, bytes));
      else records.delete(name);
    });
  }

  async #readAll(hash: number, records: Map<string, StoredRecord>): Promise<void> {
    const { connection, keys, hashOf } = this.#parts;
    for (const name of this.#records.keys()) if (hashOf(name) === hash) records.delete(name);
    let cursor = "0";
    do {
      const [next, fields] = await connection.command((redis) =>
        redis.hscanBuffer(keys[hash] as string, cursor, "COUNT", PAGE),
      );
      for (let at = 0; at + 1 < fields.length; at += 2) {
        const name = String(fields[at]);
        if (name !== CHANGES && name !== LATEST)
          records.set(name, this.#keep(name, fields[at + 1] as Buffer));
      }
      cursor = String(next);
    } while (cursor !== "0");
  }

  /** An unchanged record keeps its object, so that what was derived from it stays valid. */
  #keep(name: string, bytes: Buffer): StoredRecord {
    const known = this.#records.get(name);
    return known !== undefined && bytes.equals(known.bytes) ? known : { bytes };
  }
}

type SharedParts = Omit<RecordsParts, "keys" | "hashOf">;

/** The settings of queues, each in the partition of its queue. */
export function createQueueRecords(parts: SharedParts): RedisRecords {
  const keys = allPartitionKeys(parts.prefix, "settings");
  return new RedisRecords({ ...parts, keys, hashOf: partitionOf });
}

/** What the whole deployment has. */
export function createDeploymentRecords(parts: SharedParts): RedisRecords {
  const keys = [globalKeys(parts.prefix).deployment];
  return new RedisRecords({ ...parts, keys, hashOf: () => 0 });
}
