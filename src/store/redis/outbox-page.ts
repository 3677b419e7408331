import type { OutboxPage, OutboxPosition } from "../contract/outbox.ts";
import { type OutboxEntry, positionAfter } from "./outbox-entries.ts";

/** Changes of one page, more only in its first entry. */
export const PAGE_CHANGES = 1_000;

/**
 * Returns a page of the first entries.
 *
 * @param from where the page ends if there are none
 * @param hasMore whether more may follow the entries
 * @param gap what comes before them
 */
export function pageOf(
  entries: readonly OutboxEntry[],
  from: OutboxPosition | undefined,
  hasMore: boolean,
  gap: OutboxPage["items"] = [],
): OutboxPage {
  let changes = 0;
  const cut = entries.findIndex((entry) => {
    changes += entry.changes.length;
    return changes > PAGE_CHANGES;
  });
  const taken = cut < 0 ? entries : entries.slice(0, Math.max(1, cut));
  const last = taken.at(-1);
  return {
    items: [...gap, ...taken.flatMap((entry) => entry.changes)],
    position: last === undefined ? from : positionAfter(last),
    hasMore: hasMore || taken.length < entries.length,
  };
}
