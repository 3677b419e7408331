import { isSamePosition, type OutboxPosition } from "../contract/outbox.ts";
import type { OutboxEntry } from "./outbox-entries.ts";
import { PAGE_CHANGES } from "./outbox-page.ts";

/** Changes that are cached: some 8 MiB. */
export const MOST_CHANGES = 20_000;
/** And for so long: a reader that comes later must find out what Redis has removed, and what past settings hid. */
const CACHE_MS = 60_000;
/** Removed entries at the begin of a list that may stay there. */
const REMOVED = 64;

interface Recent {
  readonly list: List;
  readonly entry: OutboxEntry;
  /** The position before it. */
  readonly from: OutboxPosition;
  readonly atMs: number;
}

/** The entries of a partition, each right after the one before it. */
interface List {
  readonly partition: number;
  entries: Recent[];
  /** How many at the begin are removed: `shift` of a long array moves all others. */
  removed: number;
}

/** The latest entries of outboxes. Bounded in changes and age. */
export class RecentEntries {
  readonly #lists = new Map<number, List>();
  /** In the order in which they came. */
  readonly #all = new Set<Recent>();
  #changes = 0;

  /** Adds an entry that follows those of its partition. */
  add(partition: number, from: OutboxPosition, entry: OutboxEntry): void {
    const list = this.#lists.get(partition) ?? { partition, entries: [], removed: 0 };
    const recent = { list, entry, from, atMs: performance.now() };
    if (list.entries.push(recent) === 1) this.#lists.set(partition, list);
    this.#all.add(recent);
    this.#changes += entry.changes.length;
    this.#removeOldest();
  }

  /**
   * Returns the entries after a position, enough for a page. Undefined: they are not all here. `isOnlyReader`: nobody else reads the
   * partition, so that what is before the position is removed: garbage that has lived long costs more to collect.
   */
  after(
    partition: number,
    position: OutboxPosition,
    { isOnlyReader = false } = {},
  ): OutboxEntry[] | undefined {
    this.#removeOldest();
    const list = this.#lists.get(partition);
    const first = list === undefined ? -1 : indexOf(list, position);
    if (list === undefined || first < 0) return undefined;
    // Each has a change, and one more says that there are more.
    const page = list.entries.slice(first, first + PAGE_CHANGES + 1).map(({ entry }) => entry);
    if (isOnlyReader && first > list.removed) {
      this.#dropFirst(list, first);
      forgetRemoved(list);
    }
    return page;
  }

  /** Removes the entries of a partition. */
  forget(partition: number): void {
    const list = this.#lists.get(partition);
    if (list !== undefined) this.#dropFirst(list, list.entries.length);
  }

  clear(): void {
    this.#lists.clear();
    this.#all.clear();
    this.#changes = 0;
  }

  #removeOldest(): void {
    const sinceMs = performance.now() - CACHE_MS;
    for (const oldest of this.#all) {
      if (this.#changes <= MOST_CHANGES && oldest.atMs > sinceMs) return;
      const { list } = oldest;
      this.#dropFirst(list, list.removed + 1);
      if (list.removed > REMOVED && 2 * list.removed > list.entries.length) forgetRemoved(list);
    }
  }

  /** Removes the entries of a list before an index. */
  #dropFirst(list: List, before: number): void {
    for (; list.removed < before; list.removed++) {
      const gone = list.entries[list.removed] as Recent;
      this.#all.delete(gone);
      this.#changes -= gone.entry.changes.length;
    }
    if (list.removed === list.entries.length) this.#lists.delete(list.partition);
  }
}

/** Returns where the entry right after a position is, or -1. */
function indexOf({ entries, removed }: List, position: OutboxPosition): number {
  const index = entries.findLastIndex(({ from }) => isSamePosition(from, position));
  return index < removed ? -1 : index;
}

function forgetRemoved(list: List): void {
  list.entries = list.entries.slice(list.removed);
  list.removed = 0;
}
