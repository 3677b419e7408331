import type { FileHandle } from "node:fs/promises";
import { fromBinary } from "@bufbuild/protobuf";
import {
  type Done,
  DoneSchema,
  SpooledMessageSchema,
} from "../../../../gen/dlq/spool/v1/spool_pb.ts";
import {
  FILE_HEADER,
  type FoundRecord,
  RECORD_HEAD_BYTES,
  RecordScanner,
  RecordType,
} from "./framing.ts";

/** The content of a spool file. */
export interface SpoolFileContent {
  readonly bytes: number;
  /** Messages that are not done, in order: offset of the record to its length. */
  readonly messages: Map<number, number>;
  /** How many bytes are damaged. */
  readonly skippedBytes: number;
  /** The last Owner record, which counts. */
  readonly ownerRecord?: FoundRecord | undefined;
  /** Where the Owner records at the end begin, without the first record of the file. Undefined: there are none. */
  readonly lastOwnersAt?: number | undefined;
}

const PIECE_BYTES = 1024 ** 2;
/** More than any Owner record takes. */
const OWNER_BYTES = 64 * 1024;

/** @throws Error if the file does not have this format */
export async function readSpoolFile(handle: FileHandle): Promise<SpoolFileContent> {
  const messages = new Map<number, number>();
  let unreadableBytes = 0;
  let ownerRecord: FoundRecord | undefined;
  let lastOwnersAt: number | undefined;
  const take = (record: FoundRecord) => {
    const bytes = RECORD_HEAD_BYTES + record.body.length;
    if (record.type === RecordType.MESSAGE) {
      if (isReadable(record.body)) messages.set(record.offset, bytes);
      else unreadableBytes += bytes;
    }
    if (record.type !== RecordType.OWNER) lastOwnersAt = undefined;
    else if (ownerRecord !== undefined) lastOwnersAt ??= record.offset;
    if (record.type === RecordType.OWNER) ownerRecord = record;
    if (record.type === RecordType.DONE) {
      for (const offset of parseDone(record.body)?.offsets ?? []) messages.delete(Number(offset));
    }
  };
  const scanner = new RecordScanner(FILE_HEADER.length);
  let at = await checkHeader(handle);
  for (;;) {
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    const { bytesRead } = await handle.read(piece, 0, PIECE_BYTES, at);
    if (bytesRead === 0) break;
    at += bytesRead;
    for (const record of scanner.push(piece.subarray(0, bytesRead))) take(record);
  }
  for (const record of scanner.end()) take(record);
  const skippedBytes = scanner.skippedBytes + unreadableBytes;
  return { bytes: at, messages, skippedBytes, ownerRecord, lastOwnersAt };
}

/** Returns the first record, which is the Owner; undefined if the file does not begin with one. */
export async function readFirstRecord(handle: FileHandle): Promise<FoundRecord | undefined> {
  const at = await checkHeader(handle);
  const piece = Buffer.allocUnsafe(OWNER_BYTES);
  const { bytesRead } = await handle.read(piece, 0, OWNER_BYTES, at);
  const [first] = new RecordScanner(at).push(piece.subarray(0, bytesRead));
  return first?.offset === at ? first : undefined;
}

async function checkHeader(handle: FileHandle): Promise<number> {
  const header = Buffer.alloc(FILE_HEADER.length);
  await handle.read(header, 0, header.length, 0);
  if (!header.equals(FILE_HEADER)) throw new Error("it is not a spool file of format 1");
  return header.length;
}

function isReadable(body: Uint8Array): boolean {
  try {
    return fromBinary(SpooledMessageSchema, body).request !== undefined;
  } catch {
    return false;
  }
}

function parseDone(body: Uint8Array): Done | undefined {
  try {
    return fromBinary(DoneSchema, body);
  } catch {
    return undefined;
  }
}
