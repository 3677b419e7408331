import { randomBytes } from "node:crypto";
import { storeUnavailable, tooManyQueues, tooManySettings } from "../../core/errors.ts";
import { LIMITS } from "../../core/settings.ts";
import type { QueueChange, QueueRecords, StoredRecord } from "../contract.ts";
import type { Connection } from "./connection.ts";
import { allPartitionKeys, globalKeys, queueBase } from "./keys.ts";
import { CONSTANTS } from "./packed/constants.ts";
import { partitionOf } from "./partitions.ts";
import type { RedisStoreOptions } from "./redis-store-options.ts";
import { scriptArgs } from "./scripts.ts";
import { storeNowMs } from "./store-now.ts";

/** Fields of one step through all records: others wait for it. A record has up to LIMITS.queueConfigBytes. */
const PAGE = 100;
const { CHANGES, LATEST } = CONSTANTS.RECORDS;
const NOTHING = new Uint8Array();
/** A server that starts reads the records within this time, if the store answers. */
const AGAIN_MS = 250;

/** What a script writes. An empty record stands for none. */
interface Replacement {
  readonly name: string;
  readonly seen: Uint8Array;
  readonly after: Uint8Array;
  readonly revision: string;
}

export interface RecordsParts {
  connection: Pick<Connection, "command" | "read">;
  /** The hashes of the records. */
  keys: readonly string[];
  /** Returns the index of the hash that has the record of a name. */
  hashOf(name: string): number;
  /** Most records: as many as queues. */
  most: number;
  /** Whether a record counts. Default: each does. */
  counts?: (record: StoredRecord) => boolean;
  /** Called before each use of the store; see Opening. */
  enter(): Promise<void> | undefined;
  /** Writes the version of the layout, if there is none. */
  writeLayout(): Promise<void>;
  /** Runs the script that writes a record. Returns 1; 0: another record is there by now. */
  write(replacement: Replacement, change: QueueChange | undefined): Promise<unknown>;
}

type Change = (names: readonly string[]) => void;

/** Records in hashes, and a copy of them in this process that follows their changes. */
export class RedisRecords implements QueueRecords {
  readonly #parts: RecordsParts;
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
    changeAt?: (nowMs: number) => QueueChange | undefined,
  ): Promise<boolean> {
    const { connection, enter, most, writeLayout, write } = this.#parts;
    await enter();
    await writeLayout();
    const nowMs = await connection.command(storeNowMs);
    const after = encode?.(nowMs) ?? NOTHING;
    this.#checkSize(after.length - (seen?.bytes.length ?? 0));
    if (seen === undefined && this.#isFull()) throw tooManyQueues(most);
    const revision = randomBytes(8).toString("hex");
    const replacement = { name, seen: seen?.bytes ?? NOTHING, after, revision };
    return (await write(replacement, changeAt?.(nowMs))) === 1;
  }

  #isFull(): boolean {
    const { most, counts = () => true } = this.#parts;
    return this.#records.size >= most && [...this.#records.values()].filter(counts).length >= most;
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

interface SharedParts extends Omit<RecordsParts, "keys" | "hashOf" | "write"> {
  connection: Pick<Connection, "command" | "read" | "run">;
  prefix: string;
}

interface QueueParts extends SharedParts, Pick<RedisStoreOptions, "isQueueSet"> {
  /** Bytes of a partition's outbox. */
  outboxMaxBytes: number;
  historyChangedAtMs(): number;
}

/** The settings of queues, each in the partition of its queue. */
export function createQueueRecords(parts: QueueParts): RedisRecords {
  const { connection, prefix, outboxMaxBytes, historyChangedAtMs } = parts;
  const { isQueueSet = () => true } = parts;
  return new RedisRecords({
    ...parts,
    keys: allPartitionKeys(prefix, "settings"),
    hashOf: partitionOf,
    counts: ({ bytes }) => isQueueSet(bytes),
    write({ name, ...record }, change) {
      const number = change === undefined ? 0 : CONSTANTS.CHANGE[change];
      const outbox = { historyChanged: historyChangedAtMs(), outboxMaxBytes };
      const args = scriptArgs("replace_settings", { ...record, ...outbox, change: number }, []);
      return connection.run("replace_settings", queueBase(prefix, name), args);
    },
  });
}

/** What the whole deployment has. */
export function createDeploymentRecords(parts: SharedParts): RedisRecords {
  const { deployment } = globalKeys(parts.prefix);
  return new RedisRecords({
    ...parts,
    keys: [deployment],
    hashOf: () => 0,
    write: (record) =>
      parts.connection.run("replace_record", deployment, scriptArgs("replace_record", record, [])),
  });
}
