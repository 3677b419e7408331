import type { QueuePattern } from "../../core/queue-pattern.ts";
import type { Store, StoredGroup } from "../../store/contract.ts";
import { nextTurn, Pace } from "../timers.ts";
import { type MergedGroup, mergeGroups } from "./merged-group.ts";

/** All groups at one time. */
interface GroupsNow {
  nowMs: number;
  /** Messages without a group, because their partition has its limit of groups. */
  otherCount: number;
  groups: readonly MergedGroup[];
}

/** Selects groups, and says which of two comes first. */
export interface GroupQuery {
  queues: QueuePattern;
  matches(group: MergedGroup): boolean;
  /** Whether a page may have it: it is behind the page before. */
  isBehind(group: MergedGroup): boolean;
  compare(a: MergedGroup, b: MergedGroup): number;
  pageSize: number;
}

/**
 * Reads groups of all partitions, which may be hundreds of thousands. They are merged once for all callers that share a read, and
 * other work gets turns in between.
 */
export class GroupList {
  readonly #groups: Pick<Store["groups"], "list">;
  readonly #merged = new WeakMap<readonly StoredGroup[], Promise<MergedGroup[]>>();

  constructor(groups: Pick<Store["groups"], "list">) {
    this.#groups = groups;
  }

  async all(): Promise<GroupsNow> {
    const { nowMs, otherCount, groups } = await this.#groups.list();
    const merging = this.#merged.get(groups) ?? mergeGroups(groups, nowMs, new Pace());
    this.#merged.set(groups, merging);
    const merged = await merging;
    // Many callers may have waited for the same read.
    await nextTurn();
    return { nowMs, otherCount, groups: merged };
  }
}

/** Returns the first page of groups, whether there are more, and how many match in all. */
export async function pageOf(groups: readonly MergedGroup[], query: GroupQuery) {
  const { queues, matches, isBehind, compare, pageSize } = query;
  const isAll = queues.prefix === "" && queues.only === undefined && queues.matches("");
  const pace = new Pace();
  let found: MergedGroup[] = [];
  let total = 0;
  for (const group of groups) {
    if (pace.isTooLong) await pace.giveTurn();
    const own = isAll ? group : inQueues(group, queues);
    if (own === undefined || !matches(own)) continue;
    total++;
    if (!isBehind(own)) continue;
    found.push(own);
    // The first ones of many: the rest is let go now and then.
    if (found.length > 4 * pageSize + 1_000) found = found.sort(compare).slice(0, pageSize + 1);
  }
  found.sort(compare);
  return { page: found.slice(0, pageSize), hasMore: found.length > pageSize, total };
}

/** Undefined: it has no message in these queues. */
function inQueues(group: MergedGroup, queues: QueuePattern): MergedGroup | undefined {
  const stored = group.stored.filter(({ queue }) => queues.matches(queue));
  const storedCount = stored.reduce((sum, { count }) => sum + count, 0);
  return storedCount === 0 ? undefined : { ...group, stored, storedCount };
}
