import type { GroupStatus, StoredGroup } from "../../store/contract.ts";

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
  stored: ReadonlyMap<string, number>;
  storedCount: number;
  latest: StoredGroup["latest"];
  /** In each partition that has it; the one whose status counts comes first. */
  parts: readonly StoredGroup[];
}

/** Merges groups of equal digests. Counts only messages in queues for which `isAsked` is true. */
export function mergeGroups(
  groups: readonly StoredGroup[],
  isAsked: (queue: string) => boolean,
): MergedGroup[] {
  return [...Map.groupBy(groups, ({ digest }) => digest).values()].map((parts) =>
    merge(parts, isAsked),
  );
}

function merge(parts: readonly StoredGroup[], isAsked: (queue: string) => boolean): MergedGroup {
  const byChange = parts.toSorted((a, b) => (b.changedAtMs ?? 0) - (a.changedAtMs ?? 0));
  const [decisive] = byChange as [StoredGroup];
  const { digest, status, changedAtMs } = decisive;
  const regressedAtMs = status === "RESOLVED" ? regression(parts, changedAtMs ?? 0) : undefined;
  const latest = parts.reduce((a, b) => (b.lastFailureAtMs > a.lastFailureAtMs ? b : a));
  const stored = new Map(
    parts.flatMap((part) => [...part.stored].filter(([queue]) => isAsked(queue))),
  );
  return {
    digest,
    state: regressedAtMs === undefined ? status : "REGRESSED",
    changedAtMs,
    regressedAtMs,
    firstFailureAtMs: Math.min(...parts.map(({ firstFailureAtMs }) => firstFailureAtMs)),
    lastFailureAtMs: latest.lastFailureAtMs,
    failureCount: sum(parts.map(({ failureCount }) => failureCount)),
    stored,
    storedCount: sum([...stored.values()]),
    latest: latest.latest,
    parts: byChange,
  };
}

/**
 * Returns the first failure after the group was resolved, as far as its parts say. A part that began later has all its
 * failures after that.
 */
function regression(parts: readonly StoredGroup[], resolvedAtMs: number): number | undefined {
  const times = parts.flatMap(({ changedAtMs, firstFailureAtMs, regressedAtMs }) =>
    changedAtMs === undefined && firstFailureAtMs > resolvedAtMs
      ? [firstFailureAtMs]
      : (regressedAtMs ?? []),
  );
  return times.length === 0 ? undefined : Math.min(...times);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
