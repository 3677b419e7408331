import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Owner, OwnerSchema } from "../../../../gen/dlq/spool/v1/spool_pb.ts";
import { encodeRecord, FILE_HEADER, type FoundRecord, RecordType } from "./framing.ts";
import { canCompare, isRunning, type ProcessIdentity } from "./process-identity.ts";
import type { ListedFile } from "./spool-folder.ts";
import { partsOfName } from "./spool-folder.ts";

/** For whom letters are kept: only the same delivers them. */
export interface SpoolPurpose {
  /** `host:port` */
  readonly target: string;
  readonly service: string;
}

/** A file that nothing has touched for so long has lost its owner. */
const UNTOUCHED_MS = 120_000;

/** What a file begins with. */
export function fileStart(...owner: Parameters<typeof ownerRecord>): Buffer {
  return Buffer.concat([FILE_HEADER, ownerRecord(...owner)]);
}

/** Says whose a file is. Other languages look for the last one. */
export function ownerRecord(
  purpose: SpoolPurpose,
  identity: ProcessIdentity,
  createdAtMs: number,
): Buffer {
  const createTime = timestampFromMs(createdAtMs);
  const owner = create(OwnerSchema, { ...purpose, ...identity, createTime });
  return encodeRecord(RecordType.OWNER, toBinary(OwnerSchema, owner));
}

export function ownerOf(record: FoundRecord | undefined): Owner | undefined {
  if (record?.type !== RecordType.OWNER) return undefined;
  try {
    return fromBinary(OwnerSchema, record.body);
  } catch {
    return undefined;
  }
}

export function isFor({ target, service }: SpoolPurpose, owner: Owner): boolean {
  return owner.target === target && owner.service === service;
}

/** Whether nobody works on a file any more. Being wrong costs a second delivery under one number. */
export function isOrphan(
  file: ListedFile,
  owner: Owner,
  own: ProcessIdentity,
  nowMs: number,
): boolean {
  if (nowMs - file.changedAtMs > UNTOUCHED_MS) return true;
  const holder = partsOfName(file.name)?.pid;
  if (holder === undefined || !canCompare(own, owner)) return false;
  // The name is of the one who has it now, the record of the one who made it.
  return !isRunning(holder, holder === owner.pid ? owner.processStart : 0n);
}

/**
 * Whether a process of the same id runs, and may have adopted the file: its last Owner tells. In a
 * container that is started again each process is 1.
 */
export function mayHaveSuccessor(file: ListedFile, owner: Owner): boolean {
  return partsOfName(file.name)?.pid === owner.pid && isRunning(owner.pid, 0n);
}
