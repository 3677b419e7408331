import type { GroupStatus, QueueCount, StoredGroup } from "../../store/contract.ts";
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

/** Merges groups of equal digests. Other work gets turns in between. */
export async function mergeGroups(
  groups: readonly StoredGroup[],
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
    merged.push(merge(parts));
  }
  return merged;
}

function merge(parts: readonly [StoredGroup, ...StoredGroup[]]): MergedGroup {
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
  return {
    digest,
    state: regressedAtMs === undefined ? status : "REGRESSED",
    changedAtMs,
    regressedAtMs,
    firstFailureAtMs,
    lastFailureAtMs: latest.lastFailureAtMs,
    failureCount,
    stored,
    storedCount: stored.reduce((sum, { count }) => sum + count, 0),
    latest: latest.latest,
    parts: [decisive, ...parts.filter((part) => part !== decisive)],
  };
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
