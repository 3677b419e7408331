import type { Outbox, OutboxItem, OutboxPosition } from "../../store/contract/outbox.ts";

/** Partitions that are read at once: one may have some thousand changes in a page. */
const PARTITIONS_AT_ONCE = 2;
const IDLE_MS = 1_000;

/** Positions by partition. Undefined: the oldest change that is kept. */
export type Positions = Map<number, OutboxPosition | undefined>;

/**
 * Yields what follows the positions, in the order of each partition, and moves the positions behind it before. It waits while
 * nothing more is there; after `idleMs` of that, a step without items comes once. Ends when the signal aborts. Rejects if the store does not
 * answer.
 */
export async function* followOutbox(
  outbox: Pick<Outbox, "read" | "follow">,
  positions: Positions,
  signal: AbortSignal,
  idleMs = IDLE_MS,
): AsyncGenerator<readonly OutboxItem[]> {
  const changed = new Set(positions.keys());
  let wake = () => {};
  const onChange = (partition: number) => {
    changed.add(partition);
    wake();
  };
  const onAbort = () => wake();
  signal.addEventListener("abort", onAbort, { once: true });
  const unfollow = outbox.follow([...positions.keys()], onChange);
  let isIdle = false;
  try {
    while (!signal.aborted) {
      if (changed.size === 0) {
        const begin = (resolve: () => void) => {
          wake = resolve;
        };
        await woken(begin, isIdle ? undefined : idleMs);
        if (changed.size > 0 || signal.aborted || isIdle) continue;
        isIdle = true;
        yield [];
        continue;
      }
      const some = [...changed].slice(0, PARTITIONS_AT_ONCE);
      for (const partition of some) changed.delete(partition);
      const pages = await outbox.read(new Map(some.map((one) => [one, positions.get(one)])));
      pages.forEach(({ position, hasMore }, at) => {
        const partition = some[at] as number;
        positions.set(partition, position);
        if (hasMore) changed.add(partition);
      });
      const items = pages.flatMap((page) => page.items);
      if (items.length === 0) continue;
      isIdle = false;
      yield items;
    }
  } finally {
    unfollow();
    signal.removeEventListener("abort", onAbort);
  }
}

/** Resolves when the function that `begin` gets is called, or after a time. */
async function woken(begin: (resolve: () => void) => void, atMostMs?: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve) => {
    if (atMostMs !== undefined) timer = setTimeout(resolve, atMostMs);
    begin(resolve);
  });
  clearTimeout(timer);
}
