import type { GroupStatus, QueueCount, StoredGroup } from "../contract.ts";
import { CONSTANTS } from "./packed/constants.ts";
import { LAYOUTS } from "./packed/layouts.ts";
import { optionalMs, Reader } from "./packed/reader.ts";

const { GROUP } = CONSTANTS;
const STATUSES: readonly GroupStatus[] = ["OPEN", "RESOLVED", "ARCHIVED"];

/** The reply of the script `groups`. */
export type GroupsReply = [records: Buffer, sizes: Buffer];

/** A group, and its bytes as stored. */
export interface PackedGroup {
  digest: Buffer;
  record: Buffer;
  group: StoredGroup;
}

/** The groups of a partition, and its messages whose groups find no place. */
export function readGroupsReply(partition: number, [records, sizes]: GroupsReply) {
  const { byNumber, others } = readSizes(sizes);
  return { groups: readGroups(partition, records, byNumber), others };
}

/** Messages by number of their group and by queue, and those whose groups find no place. */
function readSizes(sizes: Buffer) {
  const byNumber = new Map<number, QueueCount[]>();
  let others = 0;
  for (let at = 0; at < sizes.length; ) {
    const length = sizes[at] as number;
    const number = sizes.readUIntBE(at + 1, 3);
    const count = sizes.readUInt32BE(at + 1 + length);
    if (number === GROUP.OTHER) others += count;
    else {
      const one = { queue: sizes.toString("utf8", at + 4, at + 1 + length), count };
      const own = byNumber.get(number);
      if (own === undefined) byNumber.set(number, [one]);
      else own.push(one);
    }
    at += 5 + length;
  }
  return { byNumber, others };
}

const NO_QUEUES: readonly QueueCount[] = [];
/** Of the layouts `group`, and `groupLatest` without the queue. */
const [GROUP_BYTES, LATEST_BYTES] = [34, 17];

function readGroups(
  partition: number,
  records: Buffer,
  sizes: ReadonlyMap<number, readonly QueueCount[]>,
): PackedGroup[] {
  const groups: PackedGroup[] = [];
  for (let at = 0; at < records.length; ) {
    const length = records[at + 16] as number;
    const record = records.subarray(at + 17, at + 17 + length);
    const digest = records.subarray(at, at + 16);
    at += 17 + length;
    // One that a person has damaged is left out, as scripts do.
    if (length < GROUP_BYTES + LATEST_BYTES) continue;
    const packed = new Reader(record).read(LAYOUTS.group);
    const group: StoredGroup = {
      partition,
      digest: digest.toString("hex"),
      status: STATUSES[packed.status] ?? "OPEN",
      changedAtMs: optionalMs(packed.changed),
      regressedAtMs: optionalMs(packed.regressed),
      firstFailureAtMs: packed.first,
      lastFailureAtMs: packed.last,
      failureCount: packed.total,
      latest: () => readLatest(record.subarray(GROUP_BYTES)),
      stored: sizes.get(packed.number) ?? NO_QUEUES,
    };
    groups.push({ digest, record, group });
  }
  return groups;
}

function readLatest(packed: Buffer) {
  const { latest, queue } = new Reader(packed).read(LAYOUTS.groupLatest);
  return { id: latest, queue: Buffer.from(queue).toString() };
}
