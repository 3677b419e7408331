import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { timestampNow } from "@bufbuild/protobuf/wkt";
import { SpooledMessageSchema } from "../../../../gen/dlq/spool/v1/spool_pb.ts";
import type { SendToDlqRequest } from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { textOf } from "../error-chain.ts";
import { log } from "../log.ts";
import type { SpoolUsage } from "../status.ts";
import { encodeRecord, MAX_BODY_BYTES, RecordType } from "./framing.ts";
import { MemoryFallback } from "./memory-fallback.ts";
import { fileStart, ownerRecord, type SpoolScope } from "./owner.ts";
import { ownIdentity, type ProcessIdentity } from "./process-identity.ts";
import { SpoolFile } from "./spool-file.ts";
import { FolderUsage, firstWritable, newFileName, partsOfName } from "./spool-folder.ts";
import type { SpoolSource } from "./spool-source.ts";

/** Options of a {@link SpoolStore}. */
export interface SpoolStoreOptions {
  readonly scope: SpoolScope;
  /** The preferred one first. */
  readonly folders: readonly string[];
  readonly maxBytes: number;
  readonly sync: boolean;
}

/**
 * Where a message is kept, or why not: the store is full, the message is longer than a record, or it
 * cannot be encoded.
 */
export type SpoolResult =
  | "disk"
  | "memory"
  | "full"
  | "too-long"
  | { readonly unencodable: unknown };

/** A longer file is not appended to, so that it can be removed once its messages are sent. */
const MAX_FILE_BYTES = 16 * 1024 ** 2;
/** Another process may take the first file. If it takes new ones too, the file system is faulty. */
const MAX_TRIES = 3;
/** After a failed write, messages go to memory for this time. */
const RETRY_DISK_MS = 30_000;

/** The messages that this client still has to send: in its spool files, and in memory. */
export class SpoolStore {
  readonly identity: ProcessIdentity = ownIdentity();
  readonly #options: SpoolStoreOptions;
  readonly #memory = new MemoryFallback();
  /** Oldest first. */
  #files: SpoolFile[] = [];
  /** The file that messages are appended to. */
  #current: SpoolFile | undefined;
  #usage: FolderUsage | undefined;
  #diskFailedAtMs = Number.NEGATIVE_INFINITY;
  #isInMemory = false;
  #lastTask: Promise<unknown> = Promise.resolve();

  constructor(options: SpoolStoreOptions) {
    this.#options = options;
  }

  get sources(): readonly SpoolSource[] {
    return [...this.#files, this.#memory];
  }

  /** Paths of the files. */
  get paths(): readonly string[] {
    return this.#files.map(({ path }) => path);
  }

  get count(): number {
    return this.#files.reduce((sum, { count }) => sum + count, this.#memory.count);
  }

  get usage(): SpoolUsage {
    const files = this.#files.filter(({ count }) => count > 0);
    const created = files.flatMap(({ name }) => partsOfName(name)?.createdAtMs ?? []);
    const nowMs = Date.now();
    const oldestAtMs = Math.min(...created, this.#memory.oldestAtMs, nowMs);
    return {
      messages: this.count,
      bytes: files.reduce((sum, { bytes }) => sum + bytes, this.#memory.bytes),
      oldestAgeMs: nowMs - oldestAtMs,
    };
  }

  /** Returns one result for each message, in order. Never rejects. */
  append(requests: readonly SendToDlqRequest[]): Promise<SpoolResult[]> {
    return this.#oneByOne(async () => {
      const encoded = requests.map(recordOf);
      const records = encoded.flatMap((record) => (record instanceof Buffer ? record : []));
      const fitting = await this.#fitting(records);
      const isOnDisk = await this.#writeToDisk([...fitting]);
      return requests.map((request, at): SpoolResult => {
        const record = encoded[at];
        if (record === undefined || "unencodable" in record) return record ?? "full";
        if (record.length > MAX_BODY_BYTES) return "too-long";
        if (!fitting.has(record)) return "full";
        if (!isOnDisk) this.#memory.add(request, record.length);
        return isOnDisk ? "disk" : "memory";
      });
    });
  }

  /** Marks messages as done. */
  markDone(source: SpoolSource, positions: readonly number[]): Promise<void> {
    return this.#oneByOne(async () => {
      if (source === this.#memory) return this.#memory.markDone(positions);
      if (!(source instanceof SpoolFile) || !this.#files.includes(source)) return;
      // If this fails, the messages are sent again under their numbers, and the service detects the duplicates.
      await source.markDone(positions, this.#options.sync).catch(() => {});
      if (source.count === 0) await this.#remove(source);
    });
  }

  /** Recovers an orphan that was already renamed to a name of this process. */
  recover(path: string): Promise<void> {
    return this.#oneByOne(async () => {
      const { file, skippedBytes } = await SpoolFile.open(path);
      if (skippedBytes > 0) log(`skipped ${skippedBytes} damaged bytes in spool file ${file.name}`);
      if (file.count === 0) return file.remove();
      const { scope, sync } = this.#options;
      await file.touch();
      await file.appendOwner(ownerRecord(scope, this.identity, Date.now()), sync).catch(() => {});
      // Names begin with the time of creation.
      this.#files = [...this.#files, file].sort((a, b) => (a.name < b.name ? -1 : 1));
    });
  }

  /** Touches the files, so that they are no orphans. Closes those that another process has taken. */
  touch(): Promise<void> {
    return this.#oneByOne(async () => {
      for (const file of this.#files) {
        if (await file.isStillOwned()) await file.touch().catch(() => {});
        else await this.#close(file);
      }
    });
  }

  /** Leaves the files to other clients at once. Returns the messages that are only in memory. */
  release(): Promise<SendToDlqRequest[]> {
    return this.#oneByOne(async () => {
      const files = this.#files;
      this.#files = [];
      this.#current = undefined;
      await Promise.all(files.map((file) => file.release()));
      return this.#memory.clear();
    });
  }

  #oneByOne<Result>(task: () => Promise<Result>): Promise<Result> {
    const result = this.#lastTask.then(task);
    this.#lastTask = result.catch(() => {}); // the caller handles it
    return result;
  }

  async #fitting(records: readonly Buffer[]): Promise<ReadonlySet<Buffer>> {
    const { maxBytes } = this.#options;
    await this.#openFolder().catch(() => {}); // the write reports it
    const own = this.#files.reduce((sum, { bytes }) => sum + bytes, this.#memory.bytes);
    let used = own + ((await this.#usage?.ofOthers(this.paths)) ?? 0);
    const fitting = records.filter(({ length }) => {
      if (length > MAX_BODY_BYTES || used + length > maxBytes) return false;
      used += length;
      return true;
    });
    return new Set(fitting);
  }

  /** @returns false if no file can be written */
  async #writeToDisk(records: readonly Buffer[]): Promise<boolean> {
    const nowMs = performance.now();
    if (records.length === 0) return true;
    if (nowMs - this.#diskFailedAtMs < RETRY_DISK_MS) return false;
    try {
      await this.#appendToOne(records);
      this.#isInMemory = false;
      return true;
    } catch (error) {
      this.#diskFailedAtMs = nowMs;
      const failed = this.#current;
      this.#current = undefined;
      if (failed?.count === 0) await this.#remove(failed); // its messages are in memory
      if (!this.#isInMemory) {
        const reason = textOf(error);
        log(
          `cannot write a spool folder (${reason}); keeping messages in memory, which are lost if the process ends`,
        );
      }
      this.#isInMemory = true;
      return false;
    }
  }

  async #appendToOne(records: readonly Buffer[]): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      if (await this.#appendOnce(records)) return;
    }
    throw new Error("new files lose their names at once");
  }

  /** @returns false if another process has taken the file, maybe before it had these records */
  async #appendOnce(records: readonly Buffer[]): Promise<boolean> {
    const { scope, sync } = this.#options;
    const nowMs = Date.now();
    const file = await this.#fileToAppend(nowMs);
    await file.append(records, fileStart(scope, this.identity, nowMs), sync);
    if (await file.isStillOwned()) return true;
    await this.#close(file);
    return false;
  }

  async #fileToAppend(nowMs: number): Promise<SpoolFile> {
    const current = this.#current;
    if (current !== undefined && current.bytes < MAX_FILE_BYTES) return current;
    const folder = await this.#openFolder();
    const file = await SpoolFile.create(join(folder, newFileName(nowMs)));
    this.#files = [...this.#files, file];
    this.#current = file;
    return file;
  }

  async #openFolder(): Promise<string> {
    const folder = await firstWritable(this.#options.folders);
    if (this.#usage?.folder !== folder) this.#usage = new FolderUsage(folder);
    return folder;
  }

  async #remove(file: SpoolFile): Promise<void> {
    this.#forget(file);
    await file.remove();
  }

  async #close(file: SpoolFile): Promise<void> {
    this.#forget(file);
    await file.close();
  }

  #forget(file: SpoolFile): void {
    this.#files = this.#files.filter((one) => one !== file);
    if (this.#current === file) this.#current = undefined;
  }
}

/** Some values cannot be encoded, such as a negative `maxRetries`. */
function recordOf(request: SendToDlqRequest): Buffer | { readonly unencodable: unknown } {
  try {
    const message = create(SpooledMessageSchema, { request, spoolTime: timestampNow() });
    return encodeRecord(RecordType.MESSAGE, toBinary(SpooledMessageSchema, message));
  } catch (unencodable) {
    return { unencodable };
  }
}
