import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Owner, OwnerSchema } from "../../../../gen/dlq/spool/v1/spool_pb.ts";
import { encodeRecord, FILE_HEADER, type FoundRecord, RecordType } from "./framing.ts";
import { isComparable, isRunning, type ProcessIdentity } from "./process-identity.ts";
import { type ListedFile, partsOfName } from "./spool-folder.ts";

/** Whose messages are in a spool file. Only clients with the same scope send them. */
export interface SpoolScope {
  /** The server, as `host:port`. */
  readonly target: string;
  readonly service: string;
}

/** After this time without a touch, a file has lost its owner. */
const UNTOUCHED_MS = 120_000;

/** Returns the first bytes of a file. */
export function fileStart(...owner: Parameters<typeof ownerRecord>): Buffer {
  return Buffer.concat([FILE_HEADER, ownerRecord(...owner)]);
}

/** Returns an Owner record. The last one in a file counts. */
export function ownerRecord(
  scope: SpoolScope,
  identity: ProcessIdentity,
  createdAtMs: number,
): Buffer {
  const createTime = timestampFromMs(createdAtMs);
  const owner = create(OwnerSchema, { ...scope, ...identity, createTime });
  return encodeRecord(RecordType.OWNER, toBinary(OwnerSchema, owner));
}

export function parseOwner(record: FoundRecord | undefined): Owner | undefined {
  if (record?.type !== RecordType.OWNER) return undefined;
  try {
    return fromBinary(OwnerSchema, record.body);
  } catch {
    return undefined;
  }
}

export function isInScope({ target, service }: SpoolScope, owner: Owner): boolean {
  return owner.target === target && owner.service === service;
}

/** Reports whether the owner of a file has ended. A mistake costs a duplicate send, not a message. */
export function isOrphan(
  file: ListedFile,
  owner: Owner,
  own: ProcessIdentity,
  nowMs: number,
): boolean {
  if (nowMs - file.changedAtMs > UNTOUCHED_MS) return true;
  const holder = partsOfName(file.name)?.pid;
  if (holder === undefined || !isComparable(own, owner)) return false;
  // The name has the process id of the current owner, the record that of its writer.
  return !isRunning(holder, holder === owner.pid ? owner.processStart : 0n);
}

/**
 * Reports whether a running process with the owner's process id may have recovered the file. Then the
 * last Owner record decides. In a restarted container, each client has process id 1.
 */
export function mayHaveNewOwner(file: ListedFile, owner: Owner): boolean {
  return partsOfName(file.name)?.pid === owner.pid && isRunning(owner.pid, 0n);
}
