import { constants } from "node:fs";
import { type FileHandle, open, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { DoneSchema, SpooledMessageSchema } from "../../../../gen/dlq/spool/v1/spool_pb.ts";
import type { SendToDlqRequest } from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { encodeRecord, RecordScanner, RecordType } from "./framing.ts";
import type { LetterStore, StoredLetter } from "./letter-store.ts";
import { readSpoolFile, type SpoolFileContent } from "./read-spool-file.ts";

/** To append and read, and not to make. */
const EXISTING = constants.O_RDWR | constants.O_APPEND;

/**
 * A spool file that this process has: its letters by where they begin. Bodies stay on the disk. Its
 * owner calls one method at a time, save `read`.
 */
export class SpoolFile implements LetterStore {
  readonly path: string;
  readonly #handle: FileHandle;
  #bytes: number;
  /** Bytes of the records of those that wait, by where they begin, in this order. */
  readonly #letters: Map<number, number>;

  private constructor(path: string, handle: FileHandle, content: SpoolFileContent) {
    this.path = path;
    this.#handle = handle;
    this.#bytes = content.bytes;
    this.#letters = content.letters;
  }

  /** Nothing is written before the first letter. */
  static async make(path: string): Promise<SpoolFile> {
    const handle = await open(path, "ax+", 0o600);
    return new SpoolFile(path, handle, { bytes: 0, letters: new Map(), skippedBytes: 0 });
  }

  /** One that somebody has left. */
  static async adopt(path: string): Promise<{ file: SpoolFile; skippedBytes: number }> {
    const handle = await open(path, EXISTING);
    try {
      const content = await readSpoolFile(handle);
      return { file: new SpoolFile(path, handle, content), skippedBytes: content.skippedBytes };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get count(): number {
    return this.#letters.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Whole records in one write.
   *
   * @param start goes before them where the file is empty
   */
  async append(records: readonly Buffer[], start: Buffer, sync: boolean): Promise<void> {
    const isNew = this.#bytes === 0;
    let offset = isNew ? start.length : this.#bytes;
    await this.#write(Buffer.concat(isNew ? [start, ...records] : records), sync);
    if (isNew && sync) await syncFolder(dirname(this.path));
    for (const record of records) {
      this.#letters.set(offset, record.length);
      offset += record.length;
    }
  }

  async read(after: number, maxLetters: number, maxBytes: number): Promise<StoredLetter[]> {
    const spans = this.#next(after, maxLetters, maxBytes);
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
      request: requestIn(bodies.get(offset)),
    }));
  }

  /** Says in the file whose it is now. */
  claim(owner: Buffer, sync: boolean): Promise<void> {
    return this.#write(owner, sync);
  }

  async finish(offsets: readonly number[], sync: boolean): Promise<void> {
    for (const offset of offsets) this.#letters.delete(offset);
    if (this.#letters.size === 0) return; // the whole file goes
    const done = create(DoneSchema, { offsets: offsets.map(BigInt) });
    await this.#write(encodeRecord(RecordType.DONE, toBinary(DoneSchema, done)), sync);
  }

  /** Whether the file still has its name here: if not, somebody has adopted it. */
  async hasItsName(): Promise<boolean> {
    const [here, named] = await Promise.all([
      this.#handle.stat({ bigint: true }).catch(() => undefined), // over a network it may be stale
      stat(this.path, { bigint: true }).catch(() => undefined),
    ]);
    if (here === undefined || named === undefined) return false;
    return named.ino === here.ino && named.dev === here.dev;
  }

  /** Says that its owner lives. */
  async touch(): Promise<void> {
    const now = new Date();
    await this.#handle.utimes(now, now);
  }

  /** Leaves it to whoever sees it first. */
  async release(): Promise<void> {
    // Else it is somebody else's, who is not done with it.
    if (await this.hasItsName()) await this.#handle.utimes(0, 0).catch(() => {}); // takes its time
    await this.close();
  }

  async remove(): Promise<void> {
    await unlink(this.path).catch(() => {}); // whoever has adopted it removes it
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

  #next(after: number, maxLetters: number, maxBytes: number) {
    const spans: { readonly offset: number; readonly bytes: number }[] = [];
    for (const [offset, bytes] of this.#letters) {
      if (offset <= after) continue;
      const span = offset + bytes - (spans[0]?.offset ?? offset);
      if (spans.length === maxLetters || (spans.length > 0 && span > maxBytes)) break;
      spans.push({ offset, bytes });
    }
    return spans;
  }
}

/** So that the file's name survives, too. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return; // has no handle of a folder
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Undefined where the disk no longer has what was written. */
function requestIn(body: Uint8Array | undefined): SendToDlqRequest | undefined {
  try {
    return body && fromBinary(SpooledMessageSchema, body).request;
  } catch {
    return undefined;
  }
}
