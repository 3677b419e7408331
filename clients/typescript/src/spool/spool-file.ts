import { constants } from "node:fs";
import { type FileHandle, open, stat, unlink } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { DoneSchema, SpooledMessageSchema } from "../../../../gen/dlq/spool/v1/spool_pb.ts";
import type { SendToDlqRequest } from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { encodeRecord, RecordScanner, RecordType } from "./framing.ts";
import { readSpoolFile, type SpoolFileContent } from "./read-spool-file.ts";
import type { SpooledMessage, SpoolSource } from "./spool-source.ts";

/** Appends and reads, and does not create. */
const EXISTING = constants.O_RDWR | constants.O_APPEND;

/**
 * A spool file of this process. It has the offsets of its messages in memory; the bodies stay on the
 * disk. Only `read` may run beside another method.
 */
export class SpoolFile implements SpoolSource {
  readonly path: string;
  readonly #handle: FileHandle;
  #bytes: number;
  /** Messages that wait, in order: offset of the record to its length. */
  readonly #messages: Map<number, number>;
  readonly #lastOwnersAt: number | undefined;

  private constructor(path: string, handle: FileHandle, content: SpoolFileContent) {
    this.path = path;
    this.#handle = handle;
    this.#bytes = content.bytes;
    this.#messages = content.messages;
    this.#lastOwnersAt = content.lastOwnersAt;
  }

  /** Creates an empty file. The first `append` writes its header. */
  static async create(path: string): Promise<SpoolFile> {
    const handle = await open(path, "ax+", 0o600);
    return new SpoolFile(path, handle, { bytes: 0, messages: new Map(), skippedBytes: 0 });
  }

  /** Opens and reads a file of another process. */
  static async open(path: string): Promise<{ file: SpoolFile; skippedBytes: number }> {
    const handle = await open(path, EXISTING);
    try {
      const content = await readSpoolFile(handle);
      return { file: new SpoolFile(path, handle, content), skippedBytes: content.skippedBytes };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get name(): string {
    return basename(this.path);
  }

  get count(): number {
    return this.#messages.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Appends message records in one write.
   *
   * @param start written before them if the file is empty
   */
  async append(records: readonly Buffer[], start: Buffer, sync: boolean): Promise<void> {
    const isNew = this.#bytes === 0;
    let offset = isNew ? start.length : this.#bytes;
    await this.#write(Buffer.concat(isNew ? [start, ...records] : records), sync);
    if (isNew && sync) await syncFolder(dirname(this.path));
    for (const record of records) {
      this.#messages.set(offset, record.length);
      offset += record.length;
    }
  }

  async read(after: number, maxMessages: number, maxBytes: number): Promise<SpooledMessage[]> {
    const spans = this.#next(after, maxMessages, maxBytes);
    const [first] = spans;
    const last = spans.at(-1);
    if (first === undefined || last === undefined) return [];
    const start = first.offset;
    const bytes = Buffer.allocUnsafe(last.offset + last.bytes - start);
    let filled = 0;
    while (filled < bytes.length) {
      const left = bytes.length - filled;
      const { bytesRead } = await this.#handle.read(bytes, filled, left, start + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    const scanner = new RecordScanner(start);
    const records = [...scanner.push(bytes.subarray(0, filled)), ...scanner.end()];
    const bodies = new Map(records.map(({ offset, body }) => [offset, body]));
    return spans.map(({ offset }) => ({
      position: offset,
      request: parseRequest(bodies.get(offset)),
    }));
  }

  /**
   * Appends an Owner record to a file just opened. It replaces the Owner records at the end: otherwise each recovery
   * would make the file longer.
   */
  async appendOwner(record: Buffer, sync: boolean): Promise<void> {
    const at = this.#lastOwnersAt;
    if (at !== undefined && (await this.isStillOwned())) {
      await this.#handle.truncate(at);
      this.#bytes = at;
    }
    await this.#write(record, sync);
  }

  async markDone(offsets: readonly number[], sync: boolean): Promise<void> {
    for (const offset of offsets) this.#messages.delete(offset);
    if (this.#messages.size === 0) return; // the file will be removed
    const done = create(DoneSchema, { offsets: offsets.map(BigInt) });
    await this.#write(encodeRecord(RecordType.DONE, toBinary(DoneSchema, done)), sync);
  }

  /** Reports whether the file still has its name. If not, another process has recovered it. */
  async isStillOwned(): Promise<boolean> {
    const [here, named] = await Promise.all([
      this.#handle.stat({ bigint: true }).catch(() => undefined), // may be stale on a network
      stat(this.path, { bigint: true }).catch(() => undefined),
    ]);
    if (here === undefined || named === undefined) return false;
    return named.ino === here.ino && named.dev === here.dev;
  }

  /** Sets the time of change, which shows that the owner runs. */
  async touch(): Promise<void> {
    const now = new Date();
    await this.#handle.utimes(now, now);
  }

  /** Marks the file as an orphan, so that the next client takes it at once. */
  async release(): Promise<void> {
    // If utimes fails, the file is an orphan after 120 s. A file that another process has recovered is not changed.
    if (await this.isStillOwned()) await this.#handle.utimes(0, 0).catch(() => {});
    await this.close();
  }

  async remove(): Promise<void> {
    await unlink(this.path).catch(() => {}); // another process that has it will remove it
    await this.close();
  }

  close(): Promise<void> {
    return this.#handle.close().catch(() => {});
  }

  async #write(bytes: Buffer, sync: boolean): Promise<void> {
    const { bytesWritten } = await this.#handle.write(bytes);
    this.#bytes += bytesWritten;
    if (bytesWritten < bytes.length) throw new Error("only a part could be written");
    if (sync) await this.#handle.datasync();
  }

  #next(after: number, maxMessages: number, maxBytes: number) {
    const spans: { readonly offset: number; readonly bytes: number }[] = [];
    for (const [offset, bytes] of this.#messages) {
      if (offset <= after) continue;
      const span = offset + bytes - (spans[0]?.offset ?? offset);
      if (spans.length === maxMessages || (spans.length > 0 && span > maxBytes)) break;
      spans.push({ offset, bytes });
    }
    return spans;
  }
}

/** Syncs the name of a new file, too. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return; // Windows has no handles of folders
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** @returns undefined if the bytes on the disk have changed */
function parseRequest(body: Uint8Array | undefined): SendToDlqRequest | undefined {
  try {
    return body && fromBinary(SpooledMessageSchema, body).request;
  } catch {
    return undefined;
  }
}
