import type { QueuePattern } from "../../core/queue-pattern.ts";
import type { QueueWorker, Store } from "../../store/contract.ts";

/** A worker session on one of its queues. */
export interface ListedWorker extends QueueWorker {
  queue: string;
}

const NAMES = 1_000;

/**
 * Lists the worker sessions of each queue that matches. Queues with damaged data are left out, unless only one is asked for.
 * `names`: how many names of queues are read at once.
 */
export async function listWorkers(
  store: Pick<Store, "workers" | "queues" | "sizes">,
  queues: QueuePattern,
  names = NAMES,
): Promise<ListedWorker[]> {
  const found: ListedWorker[] = [];
  const add = async (queue: string) => {
    for (const worker of await store.workers(queue)) found.push({ ...worker, queue });
  };
  if (queues.only !== undefined) {
    await add(queues.only);
    return found;
  }
  for (let last: string | undefined = queues.start; last !== undefined; ) {
    const page: readonly string[] = await store.queues(last, names);
    const matching = page.filter((name) => queues.matches(name));
    const sizes = await store.sizes(matching);
    for (const [index, queue] of matching.entries()) {
      const { workers = 0, quietWorkers = 0, inFlight = 0 } = sizes[index] ?? {};
      if (workers + quietWorkers + inFlight > 0) await add(queue);
    }
    const end = page.at(-1) ?? "";
    last = page.length < names || queues.isPast(end) ? undefined : end;
  }
  return found;
}
