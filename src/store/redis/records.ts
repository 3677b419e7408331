import { randomBytes } from "node:crypto";
import { storeUnavailable, tooManyQueues, tooManySettings } from "../../core/errors.ts";
import { LIMITS } from "../../core/settings.ts";
import type { QueueChange, QueueRecords, StoredRecord, WithSettings } from "../contract.ts";
import type { Connection } from "./connection.ts";
import { allPartitionKeys, globalKeys, queueBase } from "./keys.ts";
import { CONSTANTS } from "./packed/constants.ts";
import { partitionOf } from "./partitions.ts";
import { type CopiedRecord, isCounted, RecordCopy } from "./record-copy.ts";
import type { RedisStoreOptions } from "./redis-store-options.ts";
import { scriptArgs } from "./scripts.ts";
import { storeNowMs } from "./store-now.ts";

/** Fields of one step through all records: others wait for it. A record has up to LIMITS.queueConfigBytes. */
const PAGE = 100;
const { CHANGES, LATEST } = CONSTANTS.RECORDS;
const NOTHING = new Uint8Array();
/** A server that starts reads the records within this time, if the store answers. */
const AGAIN_MS = 250;
/** Records that one step looks at, and removes, if they are no longer needed. */
const [LOOKED_AT, FORGOTTEN] = [1_000, 100];

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
  /** Until when a record is needed, by the store's clock. Infinity, the default: it counts for the limits. */
  neededUntilMs?: (record: Uint8Array) => number;
  /** Called before each use of the store; see Opening. */
  enter(): Promise<void> | undefined;
  /** Writes the version of the layout, if there is none. */
  writeLayout(): Promise<void>;
  /** Runs the script that writes a record. Returns 1; 0: another record is there by now. */
  write(replacement: Replacement, change?: QueueChange, notesEnd?: boolean): Promise<unknown>;
}

type Change = (names: readonly string[]) => void;
type Found = Map<string, CopiedRecord | undefined>;

/** Records in hashes, and a copy of them in this process that follows their changes. */
export class RedisRecords implements QueueRecords {
  readonly #parts: RecordsParts;
  readonly #onChange: Change[] = [];
  readonly #copy: RecordCopy;
  /** The names of changed records that were not reported yet. */
  #changed: string[] = [];
  /** The latest change of each hash that the copy has. Its revision is random, so that two stores never have the same. */
  readonly #latest: string[];
  #hasRead = false;
  #running: Promise<unknown> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(parts: RecordsParts) {
    this.#parts = parts;
    this.#copy = new RecordCopy(parts.keys.length);
    this.#latest = parts.keys.map(() => "");
  }

  get(name: string): StoredRecord | undefined {
    if (!this.#hasRead) throw storeUnavailable(AGAIN_MS);
    return this.#copy.get(name);
  }

  names(): Iterable<string> {
    return this.#copy.counted;
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
    also: WithSettings = {},
  ): Promise<boolean> {
    const { connection, enter, writeLayout, write } = this.#parts;
    await enter();
    await writeLayout();
    const nowMs = await connection.command(storeNowMs);
    const after = encode?.(nowMs) ?? NOTHING;
    this.#checkLimits(this.#countedBytes(seen?.bytes), this.#countedBytes(after));
    const revision = randomBytes(8).toString("hex");
    const replacement = { name, seen: seen?.bytes ?? NOTHING, after, revision };
    return (await write(replacement, also.changeAt?.(nowMs), also.notesEnd)) === 1;
  }

  get otherCount(): number {
    return this.#copy.otherCount;
  }

  async forget(): Promise<void> {
    if (this.otherCount === 0) return;
    const nowMs = await this.#parts.connection.command(storeNowMs);
    let removed = 0;
    for (const [name, record] of this.#copy.nextOthers(LOOKED_AT)) {
      if (record.neededUntilMs > nowMs) continue;
      await this.replace(name, record, undefined);
      if (++removed === FORGOTTEN) return;
    }
  }

  /** The size of a record that counts; 0: it does not, or there is none. */
  #countedBytes(bytes: Uint8Array = NOTHING): number {
    return bytes.length > 0 && isCounted(this.#copied(bytes)) ? bytes.length : 0;
  }

  #copied(bytes: Uint8Array): CopiedRecord {
    const { neededUntilMs = () => Number.POSITIVE_INFINITY } = this.#parts;
    return { bytes, neededUntilMs: neededUntilMs(bytes) };
  }

  /** By the copy: concurrent changes on several servers may exceed the limits by their own size and number. */
  #checkLimits(beforeBytes: number, afterBytes: number): void {
    if (afterBytes <= beforeBytes) return;
    const { counted, countedBytes } = this.#copy;
    const bytes = countedBytes + afterBytes - beforeBytes;
    const { queueConfigsBytes } = LIMITS;
    if (bytes > queueConfigsBytes) throw tooManySettings(bytes, queueConfigsBytes);
    const { most } = this.#parts;
    if (beforeBytes === 0 && counted.size >= most) throw tooManyQueues(most);
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
    try {
      for (const [hash, change] of latest.entries()) {
        if (change === this.#latest[hash]) continue;
        await this.#readHash(hash);
        this.#latest[hash] = change;
      }
      this.#hasRead = true;
    } finally {
      this.#report();
    }
  }

  #report(): void {
    if (!this.#hasRead || this.#changed.length === 0) return;
    const changed = this.#changed;
    this.#changed = [];
    for (const listener of this.#onChange) listener(changed);
  }

  async #readHash(hash: number): Promise<void> {
    const changes = await this.#readChanges(hash);
    const known = changes.indexOf(this.#latest[hash] ?? "");
    const found =
      this.#hasRead && known >= 0
        ? await this.#readSome(hash, changes.slice(known + 1))
        : await this.#readAll(hash);
    for (const [name, record] of found)
      if (this.#copy.set(hash, name, record)) this.#changed.push(name);
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

  /** Undefined stands for none, as in what #readAll returns. */
  async #readSome(hash: number, changes: readonly string[]): Promise<Found> {
    const names = [...new Set(changes.map((change) => change.slice(change.indexOf(" ") + 1)))];
    const records = await this.#parts.connection.command((redis) =>
      redis.hmgetBuffer(this.#parts.keys[hash] as string, ...names),
    );
    return new Map(names.map((name, at) => [name, this.#keep(name, records[at])]));
  }

  async #readAll(hash: number): Promise<Found> {
    const { connection, keys } = this.#parts;
    const found: Found = new Map();
    for (const name of this.#copy.namesOf(hash)) found.set(name, undefined);
    let cursor = "0";
    do {
      const [next, fields] = await connection.command((redis) =>
        redis.hscanBuffer(keys[hash] as string, cursor, "COUNT", PAGE),
      );
      for (let at = 0; at + 1 < fields.length; at += 2) {
        const name = String(fields[at]);
        if (name !== CHANGES && name !== LATEST) found.set(name, this.#keep(name, fields[at + 1]));
      }
      cursor = String(next);
    } while (cursor !== "0");
    return found;
  }

  /** An unchanged record keeps its object, so that what was derived from it stays valid. */
  #keep(name: string, bytes: Buffer | null | undefined): CopiedRecord | undefined {
    if (!bytes) return undefined;
    const known = this.#copy.get(name);
    return known !== undefined && bytes.equals(known.bytes) ? known : this.#copied(bytes);
  }
}

interface SharedParts extends Omit<RecordsParts, "keys" | "hashOf" | "write"> {
  connection: Pick<Connection, "command" | "read" | "run">;
  prefix: string;
}

interface QueueParts extends SharedParts, Pick<RedisStoreOptions, "neededUntilMs"> {
  /** Bytes of a partition's outbox. */
  outboxMaxBytes: number;
  historyChangedAtMs(): number;
}

/** The settings of queues, each in the partition of its queue. */
export function createQueueRecords(parts: QueueParts): RedisRecords {
  const { connection, prefix, outboxMaxBytes, historyChangedAtMs } = parts;
  return new RedisRecords({
    ...parts,
    keys: allPartitionKeys(prefix, "settings"),
    hashOf: partitionOf,
    write({ name, ...record }, change, notesEnd = false) {
      const header = {
        ...record,
        change: change === undefined ? 0 : CONSTANTS.CHANGE[change],
        notesEnd: notesEnd ? 1 : 0,
        historyChanged: historyChangedAtMs(),
        outboxMaxBytes,
      };
      const args = scriptArgs("replace_settings", header, []);
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
