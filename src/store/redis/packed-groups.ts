import type { GroupStatus, QueueCount, StoredGroup } from "../contract.ts";
import { CONSTANTS } from "./packed/constants.ts";
import { LAYOUTS } from "./packed/layouts.ts";
import { optionalMs, Reader } from "./packed/reader.ts";

const { GROUP } = CONSTANTS;
const STATUSES: readonly GroupStatus[] = ["OPEN", "RESOLVED", "ARCHIVED"];

/** A group, and its bytes as stored. */
export interface PackedGroup {
  digest: Buffer;
  record: Buffer;
  group: StoredGroup;
}

/** What the script `groups` has returned of a partition: its groups, and their messages by queue. */
interface PackedGroups {
  partition: number;
  records: readonly Buffer[];
  counts: readonly Buffer[];
  /** Layout `storedArchive` for each group that opens again by itself. */
  archives: Buffer;
}

/** The groups of a partition, and its messages whose groups find no place. */
export function readGroupsOf({ partition, records, counts, archives }: PackedGroups) {
  const { byNumber, others } = readCounts(counts);
  const groups = readGroups(partition, records, byNumber);
  if (archives.length > 0) addArchives(groups, archives);
  return { groups, others };
}

/** Messages by number of their group and by queue, and those whose groups find no place. */
export function readCounts(pages: readonly Buffer[]) {
  const byNumber = new Map<number, QueueCount[]>();
  const isTwice = detector(pages);
  let others = 0;
  for (const counts of pages) {
    for (let at = 0; at < counts.length; ) {
      const [field, end] = [at + 1, at + 1 + (counts[at] as number)];
      at = end + 4;
      // One that a person has damaged is left out, as scripts do.
      if (end - field < 3 || isTwice(counts, field, end)) continue;
      const number = counts.readUIntBE(field, 3);
      const count = counts.readUInt32BE(end);
      if (number === GROUP.OTHER) {
        others += count;
        continue;
      }
      const one = { queue: counts.toString("utf8", field + 3, end), count };
      const own = byNumber.get(number);
      if (own === undefined) byNumber.set(number, [one]);
      else own.push(one);
    }
  }
  return { byNumber, others };
}

/** Returns what finds fields that a scan has returned twice. One page has none. */
function detector(pages: readonly Buffer[]): (page: Buffer, from: number, to: number) => boolean {
  if (pages.length === 1) return () => false;
  const seen = new Set<string>();
  return (page, from, to) => {
    const before = seen.size;
    return seen.add(page.toString("latin1", from, to)).size === before;
  };
}

const NO_QUEUES: readonly QueueCount[] = [];
/** Of the layout `groupLatest` without the queue. */
const LATEST_BYTES = 17;
/** Of the layout `groupArchive`. */
const ARCHIVE_BYTES = 22;

function readGroups(
  partition: number,
  pages: readonly Buffer[],
  counts: ReadonlyMap<number, readonly QueueCount[]>,
): PackedGroup[] {
  const groups: PackedGroup[] = [];
  const isTwice = detector(pages);
  for (const records of pages) {
    for (let at = 0; at < records.length; ) {
      const length = records[at + 16] as number;
      const record = records.subarray(at + 17, at + 17 + length);
      const digest = records.subarray(at, at + 16);
      if (isTwice(records, at, at + 16)) {
        at += 17 + length;
        continue;
      }
      at += 17 + length;
      // One that a person has damaged is left out, as scripts do.
      if (length < GROUP.BYTES + LATEST_BYTES) continue;
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
        archive: undefined,
        latest: () => readLatest(record.subarray(GROUP.BYTES)),
        stored: counts.get(packed.number) ?? NO_QUEUES,
      };
      groups.push({ digest, record, group });
    }
  }
  return groups;
}

/** Sets when archived groups open again by themselves. */
function addArchives(groups: readonly PackedGroup[], archives: Buffer): void {
  const byDigest = new Map<string, Buffer>();
  for (let at = 0; at < archives.length; ) {
    const end = at + 17 + (archives[at + 16] as number);
    byDigest.set(archives.toString("hex", at, at + 16), archives.subarray(at + 17, end));
    at = end;
  }
  for (const { group } of groups) {
    const archive = group.status === "ARCHIVED" ? byDigest.get(group.digest) : undefined;
    // One that a person has damaged says nothing.
    if (archive === undefined || archive.length < ARCHIVE_BYTES) continue;
    const { changed, ends, count, total } = new Reader(archive).read(LAYOUTS.groupArchive);
    if (changed !== group.changedAtMs) continue;
    const end = { untilAtMs: optionalMs(ends), untilCount: count || undefined };
    group.archive = { ...end, failureCount: total };
  }
}

function readLatest(packed: Buffer) {
  const { latest, queue } = new Reader(packed).read(LAYOUTS.groupLatest);
  return { id: latest, queue: Buffer.from(queue).toString() };
}
