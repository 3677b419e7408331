import type { GroupStatus, QueueCount, StoredGroup } from "../../store/contract.ts";

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
  /** Messages in the queues that were asked for, by queue. */
  stored: readonly QueueCount[];
  storedCount: number;
  /** Returns the message that failed last, and its queue then. */
  latest: StoredGroup["latest"];
  /** In each partition that has it; the one whose status counts comes first. */
  parts: readonly StoredGroup[];
}

/** Merges groups of equal digests. Counts only messages in queues for which `isAsked` is true. */
export function mergeGroups(
  groups: readonly StoredGroup[],
  isAsked: (queue: string) => boolean,
): MergedGroup[] {
  const byDigest = new Map<string, [StoredGroup, ...StoredGroup[]]>();
  for (const group of groups) {
    const parts = byDigest.get(group.digest);
    if (parts === undefined) byDigest.set(group.digest, [group]);
    else parts.push(group);
  }
  return [...byDigest.values()].map((parts) => merge(parts, isAsked));
}

function merge(
  parts: readonly [StoredGroup, ...StoredGroup[]],
  isAsked: (queue: string) => boolean,
): MergedGroup {
  let [decisive] = parts;
  let [latest] = parts;
  let failureCount = 0;
  let firstFailureAtMs = decisive.firstFailureAtMs;
  let storedCount = 0;
  const stored: QueueCount[] = [];
  for (const part of parts) {
    // Without a failure it has only messages that moved there, and its times are those of the moves.
    const hasFailed = part.failureCount > 0;
    if ((part.changedAtMs ?? 0) > (decisive.changedAtMs ?? 0)) decisive = part;
    const isLater = part.lastFailureAtMs > latest.lastFailureAtMs;
    if (hasFailed && (isLater || latest.failureCount === 0)) latest = part;
    if (hasFailed) firstFailureAtMs = Math.min(firstFailureAtMs, part.firstFailureAtMs);
    failureCount += part.failureCount;
    for (const one of part.stored) {
      if (!isAsked(one.queue)) continue;
      stored.push(one);
      storedCount += one.count;
    }
  }
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
    storedCount,
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
