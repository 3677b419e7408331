import { basename, join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { timestampNow } from "@bufbuild/protobuf/wkt";
import { SpooledMessageSchema } from "../../../../gen/dlq/spool/v1/spool_pb.ts";
import type { SendToDlqRequest } from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { textOf } from "../error-chain.ts";
import { FolderUse } from "./folder-use.ts";
import { encodeRecord, MOST_BODY_BYTES, RecordType } from "./framing.ts";
import type { LetterStore } from "./letter-store.ts";
import { MemoryLetters } from "./memory-letters.ts";
import { fileStart, ownerRecord, type SpoolPurpose } from "./owner.ts";
import { ownIdentity, type ProcessIdentity } from "./process-identity.ts";
import { Serial } from "./serial.ts";
import { SpoolFile } from "./spool-file.ts";
import { firstWritable, newFileName } from "./spool-folder.ts";

/** What a {@link Shelf} is made of. */
export interface ShelfOptions {
  readonly purpose: SpoolPurpose;
  /** The best first. */
  readonly folders: readonly string[];
  readonly maxBytes: number;
  readonly sync: boolean;
  /** Says something that an operator should know. */
  readonly tell: (words: string) => void;
}

/** Where a letter went, or that there is no room for it, now or ever, or why it can't be written at all. */
export type Placed = "disk" | "memory" | "full" | "too-long" | { readonly unwritable: unknown };

/** Then another file is begun, so that this one can go once its letters have gone. */
const FULL_FILE_BYTES = 16 * 1024 ** 2;
/** The first one may be adopted by somebody; that new ones are is a fault of the file system. */
const MOST_TRIES = 3;
/** How long a folder that could not be written is left alone. */
const RETRY_DISK_MS = 30_000;

/** Everything that this client has to deliver: its spool files, and letters that none could take. */
export class Shelf {
  readonly identity: ProcessIdentity = ownIdentity();
  readonly #options: ShelfOptions;
  readonly #serial = new Serial();
  readonly #memory = new MemoryLetters();
  /** By age. */
  #files: SpoolFile[] = [];
  /** The one that letters are appended to. */
  #current: SpoolFile | undefined;
  #use: FolderUse | undefined;
  #diskFailedAtMs = Number.NEGATIVE_INFINITY;
  #isInMemory = false;

  constructor(options: ShelfOptions) {
    this.#options = options;
  }

  get stores(): readonly LetterStore[] {
    return [...this.#files, this.#memory];
  }

  /** Of the files. */
  get paths(): readonly string[] {
    return this.#files.map(({ path }) => path);
  }

  get count(): number {
    return this.#files.reduce((sum, { count }) => sum + count, this.#memory.count);
  }

  /** One answer for each, in their order; never rejects. */
  append(requests: readonly SendToDlqRequest[]): Promise<Placed[]> {
    return this.#serial.run(async () => {
      const written = requests.map(recordOf);
      const records = written.flatMap((record) => (record instanceof Buffer ? record : []));
      const fitting = await this.#fitting(records);
      const isOnDisk = await this.#writeToDisk([...fitting]);
      return requests.map((request, at): Placed => {
        const record = written[at];
        if (record === undefined || "unwritable" in record) return record ?? "full";
        if (record.length > MOST_BODY_BYTES) return "too-long";
        if (!fitting.has(record)) return "full";
        if (!isOnDisk) this.#memory.add(request, record.length);
        return isOnDisk ? "disk" : "memory";
      });
    });
  }

  /** Those letters need not be delivered any more. */
  finish(store: LetterStore, positions: readonly number[]): Promise<void> {
    return this.#serial.run(async () => {
      if (store === this.#memory) return this.#memory.finish(positions);
      if (!(store instanceof SpoolFile) || !this.#files.includes(store)) return;
      await store.finish(positions, this.#options.sync).catch(() => {}); // delivered twice, then
      if (store.count === 0) await this.#remove(store);
    });
  }

  /** Takes a file that was left, and that has a name of ours already. */
  adopt(path: string): Promise<void> {
    return this.#serial.run(async () => {
      const { file, skippedBytes } = await SpoolFile.adopt(path);
      if (skippedBytes > 0)
        this.#options.tell(`passed over ${skippedBytes} damaged bytes of ${path}`);
      if (file.count === 0) return file.remove();
      const { purpose, sync } = this.#options;
      await file.touch();
      await file.claim(ownerRecord(purpose, this.identity, Date.now()), sync).catch(() => {});
      const age = ({ path }: SpoolFile) => basename(path);
      this.#files = [...this.#files, file].sort((a, b) => (age(a) < age(b) ? -1 : 1));
    });
  }

  /** Says that the files have an owner, and lets go of those that somebody else has. */
  touch(): Promise<void> {
    return this.#serial.run(async () => {
      for (const file of this.#files) {
        if (await file.hasItsName()) await file.touch().catch(() => {});
        else await this.#letGo(file);
      }
    });
  }

  /** Leaves the files to others, and gives what is in no file. */
  release(): Promise<SendToDlqRequest[]> {
    return this.#serial.run(async () => {
      const files = this.#files;
      this.#files = [];
      this.#current = undefined;
      await Promise.all(files.map((file) => file.release()));
      return this.#memory.clear();
    });
  }

  async #fitting(records: readonly Buffer[]): Promise<ReadonlySet<Buffer>> {
    const { maxBytes } = this.#options;
    await this.#openFolder().catch(() => {}); // writing finds out, too
    const own = this.#files.reduce((sum, { bytes }) => sum + bytes, this.#memory.bytes);
    let used = own + ((await this.#use?.ofOthers(this.paths)) ?? 0);
    const fitting = records.filter(({ length }) => {
      if (length > MOST_BODY_BYTES || used + length > maxBytes) return false;
      used += length;
      return true;
    });
    return new Set(fitting);
  }

  /** @returns false where there is no disk to write to */
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
      if (failed?.count === 0) await this.#remove(failed); // what it has of them is in memory
      if (!this.#isInMemory) {
        this.#options.tell(
          `keeps letters in memory only, for no file can be written: ${textOf(error)}`,
        );
      }
      this.#isInMemory = true;
      return false;
    }
  }

  /** Rejects where not even new files keep their names. */
  async #appendToOne(records: readonly Buffer[]): Promise<void> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      if (await this.#appendOnce(records)) return;
    }
    throw new Error("files lose their names as soon as they are made");
  }

  /** @returns false where somebody has adopted the file, maybe before it had these */
  async #appendOnce(records: readonly Buffer[]): Promise<boolean> {
    const { purpose, sync } = this.#options;
    const nowMs = Date.now();
    const file = await this.#fileToAppend(nowMs);
    await file.append(records, fileStart(purpose, this.identity, nowMs), sync);
    if (await file.hasItsName()) return true;
    await this.#letGo(file);
    return false;
  }

  async #fileToAppend(nowMs: number): Promise<SpoolFile> {
    const current = this.#current;
    if (current !== undefined && current.bytes < FULL_FILE_BYTES) return current;
    const folder = await this.#openFolder();
    const file = await SpoolFile.make(join(folder, newFileName(nowMs)));
    this.#files = [...this.#files, file];
    this.#current = file;
    return file;
  }

  async #openFolder(): Promise<string> {
    const folder = await firstWritable(this.#options.folders);
    if (this.#use?.folder !== folder) this.#use = new FolderUse(folder);
    return folder;
  }

  async #remove(file: SpoolFile): Promise<void> {
    this.#forget(file);
    await file.remove();
  }

  async #letGo(file: SpoolFile): Promise<void> {
    this.#forget(file);
    await file.close();
  }

  #forget(file: SpoolFile): void {
    this.#files = this.#files.filter((one) => one !== file);
    if (this.#current === file) this.#current = undefined;
  }
}

/** Of a letter that may have values that no message can hold, such as a negative `maxRetries`. */
function recordOf(request: SendToDlqRequest): Buffer | { readonly unwritable: unknown } {
  try {
    const letter = create(SpooledMessageSchema, { request, spoolTime: timestampNow() });
    return encodeRecord(RecordType.LETTER, toBinary(SpooledMessageSchema, letter));
  } catch (unwritable) {
    return { unwritable };
  }
}
