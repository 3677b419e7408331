import { bytesBefore, type OutboxEntry } from "./outbox-entries.ts";
import type { StreamPages } from "./stream-pages.ts";

/** What is left to look through in order. */
const HALVED_BYTES = 8 * 1024;

/**
 * Returns the last entry of a partition before the first one that `isBefore` refuses. It looks by halves, so `isBefore` must accept
 * none after that. Undefined: it refuses the oldest entry, or there is none.
 */
export async function lastBefore(
  pages: StreamPages,
  partition: number,
  isBefore: (entry: OutboxEntry) => boolean,
): Promise<OutboxEntry | undefined> {
  const first = await pages.first("XRANGE", partition);
  if (first === undefined || !isBefore(first)) return undefined;
  const last = await pages.first("XREVRANGE", partition);
  if (last === undefined || isBefore(last)) return last;
  // `isBefore` accepts the entry at `earlier`, and refuses that at `later`.
  let [earlier, later] = [bytesBefore(first), bytesBefore(last)];
  while (later - earlier > HALVED_BYTES) {
    const middle = Math.floor((earlier + later) / 2);
    const [found] = (await pages.page("XRANGE", partition, `${middle}-0`, "+", 1)).entries;
    if (found === undefined || !isBefore(found)) later = middle;
    else earlier = bytesBefore(found);
  }
  let before = first;
  for await (const entries of pages.walk("XRANGE", partition, `${earlier}-0`)) {
    const after = entries.findIndex((entry) => !isBefore(entry));
    before = (after < 0 ? entries.at(-1) : entries[after - 1]) ?? before;
    if (after >= 0) break;
  }
  return before;
}
