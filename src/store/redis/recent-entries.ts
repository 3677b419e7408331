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
  readonly partition: number;
  readonly entry: OutboxEntry;
  /** The position before it. */
  readonly from: OutboxPosition;
  readonly atMs: number;
}

/** The entries of a partition, each right after the one before it. */
interface List {
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
    const recent = { partition, entry, from, atMs: performance.now() };
    const list = this.#lists.get(partition);
    if (list === undefined) this.#lists.set(partition, { entries: [recent], removed: 0 });
    else list.entries.push(recent);
    this.#all.add(recent);
    this.#changes += entry.changes.length;
    this.#removeOldest();
  }

  /** Returns the entries after a position, enough for a page. Undefined: they are not all here. */
  after(partition: number, position: OutboxPosition): OutboxEntry[] | undefined {
    this.#removeOldest();
    const { entries = [], removed = 0 } = this.#lists.get(partition) ?? {};
    const first = entries.findLastIndex(({ from }) => isSamePosition(from, position));
    if (first < removed) return undefined;
    // Each has a change, and one more says that there are more.
    return entries.slice(first, first + PAGE_CHANGES + 1).map(({ entry }) => entry);
  }

  /** Removes what the only reader of a partition has read. What lives long costs much more to collect. */
  forgetBefore(partition: number, position: OutboxPosition): void {
    const list = this.#lists.get(partition);
    const first = list?.entries.findLastIndex(({ from }) => isSamePosition(from, position)) ?? -1;
    if (list === undefined || first <= list.removed) return;
    for (const recent of list.entries.slice(list.removed, first)) this.#count(recent);
    list.entries = list.entries.slice(first);
    list.removed = 0;
  }

  /** Removes the entries of a partition. */
  forget(partition: number): void {
    const { entries = [], removed = 0 } = this.#lists.get(partition) ?? {};
    this.#lists.delete(partition);
    for (const recent of entries.slice(removed)) this.#count(recent);
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
      this.#count(oldest);
      const list = this.#lists.get(oldest.partition) as List;
      list.removed++;
      if (list.removed === list.entries.length) this.#lists.delete(oldest.partition);
      else if (list.removed > REMOVED && 2 * list.removed > list.entries.length) {
        list.entries = list.entries.slice(list.removed);
        list.removed = 0;
      }
    }
  }

  #count(gone: Recent): void {
    this.#all.delete(gone);
    this.#changes -= gone.entry.changes.length;
  }
}
