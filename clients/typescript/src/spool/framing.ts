// Encodes and decodes the records of a spool file (clients/SPOOL.md). Pure functions of bytes.

import { crc32 } from "node:zlib";

export const FILE_HEADER: Buffer = Buffer.from("DLQ-SPOOL 1\n", "latin1");

export const RecordType = { OWNER: 1, MESSAGE: 2, DONE: 3 } as const;

export const MAX_BODY_BYTES: number = 8 * 1024 ** 2;

const MAGIC = Buffer.from([0x89, 0x44, 0x4c, 0x51]);
const CHECKED_BYTES = 5; // type and length
const CRC_AT = MAGIC.length + CHECKED_BYTES;
/** Length of a record without its body. */
export const RECORD_HEAD_BYTES: number = CRC_AT + 4;

/** A record, and its offset in the file. */
export interface FoundRecord {
  readonly offset: number;
  readonly type: number;
  readonly body: Buffer;
}

export function encodeRecord(type: number, body: Uint8Array): Buffer {
  const record = Buffer.allocUnsafe(RECORD_HEAD_BYTES + body.length);
  MAGIC.copy(record);
  record.writeUInt8(type, MAGIC.length);
  record.writeUInt32BE(body.length, MAGIC.length + 1);
  record.writeUInt32BE(crcOf(record, 0, body), CRC_AT);
  record.set(body, RECORD_HEAD_BYTES);
  return record;
}

/**
 * Finds the records of a file that comes in pieces. It skips damaged bytes up to the next valid record.
 */
export class RecordScanner {
  /** Count of damaged bytes. */
  skippedBytes = 0;
  /** Count of bytes of a cut-off record at the end of the file. */
  cutOffBytes = 0;
  #rest: Buffer = Buffer.alloc(0);
  #offset: number;

  /** @param offset of the first piece in the file */
  constructor(offset: number) {
    this.#offset = offset;
  }

  push(piece: Buffer): FoundRecord[] {
    this.#rest = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    return this.#scan(false);
  }

  /** Must be called after the last piece. */
  end(): FoundRecord[] {
    return this.#scan(true);
  }

  #scan(isEnd: boolean): FoundRecord[] {
    const found: FoundRecord[] = [];
    const rest = this.#rest;
    let at = 0;
    /** Start of the current damage, if it looks like a cut-off record. */
    let cutOffAt: number | undefined;
    while (at < rest.length) {
      const record = readRecord(rest, at);
      if (typeof record === "object") {
        found.push({ offset: this.#offset + at, ...record });
        cutOffAt = undefined;
        at += RECORD_HEAD_BYTES + record.body.length;
        continue;
      }
      if (record === "cut off" && !isEnd) break;
      if (record === "cut off") cutOffAt ??= at;
      const next = nextMagic(rest, at + 1, isEnd);
      this.skippedBytes += next - at;
      at = next;
    }
    if (cutOffAt !== undefined) {
      this.cutOffBytes = rest.length - cutOffAt;
      this.skippedBytes -= this.cutOffBytes;
    }
    this.#offset += at;
    this.#rest = rest.subarray(at);
    return found;
  }
}

function readRecord(
  bytes: Buffer,
  at: number,
): { readonly type: number; readonly body: Buffer } | "cut off" | "none" {
  const magic = bytes.subarray(at, at + MAGIC.length);
  if (!magic.equals(MAGIC.subarray(0, magic.length))) return "none";
  if (bytes.length - at < RECORD_HEAD_BYTES) return "cut off";
  const length = bytes.readUInt32BE(at + MAGIC.length + 1);
  if (length > MAX_BODY_BYTES) return "none";
  const bodyAt = at + RECORD_HEAD_BYTES;
  if (bytes.length < bodyAt + length) return "cut off";
  const body = bytes.subarray(bodyAt, bodyAt + length);
  if (bytes.readUInt32BE(at + CRC_AT) !== crcOf(bytes, at, body)) return "none";
  return { type: bytes.readUInt8(at + MAGIC.length), body };
}

/** Returns where the next record may begin. The last bytes of a piece may be a part of its magic. */
function nextMagic(bytes: Buffer, from: number, isEnd: boolean): number {
  const next = bytes.indexOf(MAGIC, from);
  if (next >= 0) return next;
  return isEnd ? bytes.length : Math.max(from, bytes.length - MAGIC.length + 1);
}

function crcOf(record: Buffer, at: number, body: Uint8Array): number {
  const checked = record.subarray(at + MAGIC.length, at + CRC_AT);
  return crc32(body, crc32(checked));
}
