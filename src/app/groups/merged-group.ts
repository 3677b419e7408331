import type { ArchiveEnd, GroupStatus, QueueCount, StoredGroup } from "../../store/contract.ts";
import type { Pace } from "../timers.ts";

export type GroupState = GroupStatus | "REGRESSED";

/** A group in all partitions. */
export interface MergedGroup {
  digest: string;
  state: GroupState;
  /** When a person last set its status; undefined: never. */
  changedAtMs: number | undefined;
  /** For REGRESSED: the first failure since it was resolved. */
  regressedAtMs: number | undefined;
  /** For one that was archived until a time or a number of failures. `failureCount`: those since then. */
  archive: (ArchiveEnd & { failureCount: number }) | undefined;
  /** Whether that has come: it is OPEN, though nobody has opened it. */
  isReopened: boolean;
  firstFailureAtMs: number;
  lastFailureAtMs: number;
  failureCount: number;
  /** Messages, by queue. */
  stored: readonly QueueCount[];
  storedCount: number;
  /** Returns the message that failed last, and its queue then. */
  latest: StoredGroup["latest"];
  /** In each partition that has it; the one whose status counts comes first. */
  parts: readonly StoredGroup[];
}

/** Merges groups of equal digests, as they are at a time of the store. Other work gets turns in between. */
export async function mergeGroups(
  groups: readonly StoredGroup[],
  nowMs: number,
  pace: Pace,
): Promise<MergedGroup[]> {
  const byDigest = new Map<string, [StoredGroup, ...StoredGroup[]]>();
  for (const group of groups) {
    if (pace.isTooLong) await pace.giveTurn();
    const parts = byDigest.get(group.digest);
    if (parts === undefined) byDigest.set(group.digest, [group]);
    else parts.push(group);
  }
  const merged: MergedGroup[] = [];
  for (const parts of byDigest.values()) {
    if (pace.isTooLong) await pace.giveTurn();
    merged.push(merge(parts, nowMs));
  }
  return merged;
}

function merge(parts: readonly [StoredGroup, ...StoredGroup[]], nowMs: number): MergedGroup {
  let [decisive] = parts;
  let [latest] = parts;
  let failureCount = 0;
  let firstFailureAtMs = decisive.firstFailureAtMs;
  for (const part of parts) {
    // Without a failure it has only messages that moved there, and its times are those of the moves.
    const hasFailed = part.failureCount > 0;
    if ((part.changedAtMs ?? 0) > (decisive.changedAtMs ?? 0)) decisive = part;
    const isLater = part.lastFailureAtMs > latest.lastFailureAtMs;
    if (hasFailed && (isLater || latest.failureCount === 0)) latest = part;
    if (hasFailed) firstFailureAtMs = Math.min(firstFailureAtMs, part.firstFailureAtMs);
    failureCount += part.failureCount;
  }
  const stored = parts.flatMap((part) => part.stored);
  const { digest, status, changedAtMs } = decisive;
  const regressedAtMs = status === "RESOLVED" ? regression(parts, changedAtMs ?? 0) : undefined;
  const archive = archiveOf(parts, decisive);
  const isReopened = archive !== undefined && isOver(archive, nowMs);
  return {
    digest,
    state: isReopened ? "OPEN" : regressedAtMs === undefined ? status : "REGRESSED",
    changedAtMs,
    regressedAtMs,
    archive,
    isReopened,
    firstFailureAtMs,
    lastFailureAtMs: latest.lastFailureAtMs,
    failureCount,
    stored,
    storedCount: stored.reduce((sum, { count }) => sum + count, 0),
    latest: latest.latest,
    parts: [decisive, ...parts.filter((part) => part !== decisive)],
  };
}

/** Returns when a group opens again by itself, with its failures since it was archived, as far as its parts say. */
function archiveOf(
  parts: readonly StoredGroup[],
  { archive, changedAtMs = 0 }: StoredGroup,
): MergedGroup["archive"] {
  if (archive === undefined) return undefined;
  const { untilAtMs, untilCount } = archive;
  const failureCount = parts.reduce((sum, part) => {
    if (part.archive !== undefined) return sum + part.failureCount - part.archive.failureCount;
    const isNew = part.changedAtMs === undefined && part.firstFailureAtMs > changedAtMs;
    return isNew ? sum + part.failureCount : sum;
  }, 0);
  return { untilAtMs, untilCount, failureCount };
}

function isOver(
  { untilAtMs, untilCount, failureCount }: NonNullable<MergedGroup["archive"]>,
  nowMs: number,
): boolean {
  return (
    (untilAtMs !== undefined && nowMs >= untilAtMs) ||
    (untilCount !== undefined && failureCount >= untilCount)
  );
}

/**
 * Returns the first failure after the group was resolved, as far as its parts say. A part that began later has all its
 * failures after that.
 */
function regression(parts: readonly StoredGroup[], resolvedAtMs: number): number | undefined {
  const times = parts.flatMap(({ changedAtMs, firstFailureAtMs, regressedAtMs, failureCount }) =>
    changedAtMs === undefined && failureCount > 0 && firstFailureAtMs > resolvedAtMs
      ? [firstFailureAtMs]
      : (regressedAtMs ?? []),
  );
  return times.length === 0 ? undefined : Math.min(...times);
}
