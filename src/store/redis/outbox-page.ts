import type { OutboxGap, OutboxItem, OutboxPage, OutboxPosition } from "../contract/outbox.ts";
import { type OutboxEntry, positionAfter, timeOf } from "./outbox-entries.ts";

/** Changes of one page, more only in its first entry. */
export const PAGE_CHANGES = 1_000;

/**
 * Returns a page of the first entries, with a gap where some are missing.
 *
 * @param from where the page begins. Undefined: at the oldest change
 * @param hasMore whether more may follow the entries
 */
export function pageOf(
  entries: readonly OutboxEntry[],
  from: OutboxPosition | undefined,
  hasMore: boolean,
): OutboxPage {
  const items: OutboxItem[] = [];
  let position = from;
  let changes = 0;
  for (const entry of entries) {
    changes += entry.changes.length;
    if (changes > PAGE_CHANGES && changes > entry.changes.length)
      return { items, position, hasMore: true };
    if (position !== undefined && entry.first > position.next) items.push(gapOf(position, entry));
    items.push(...entry.changes);
    position = positionAfter(entry);
  }
  return { items, position, hasMore };
}

/** What is missing between a position and an entry. */
function gapOf(position: OutboxPosition, entry: OutboxEntry): OutboxGap {
  const { epochMs, next: from } = position;
  return {
    ...{ gap: "missed", partition: entry.partition, epochMs, from, count: entry.first - from },
    ...{ afterMs: timeOf(position), untilMs: timeOf(positionAfter(entry)) },
  };
}
