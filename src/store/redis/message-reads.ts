import type { MessageReads } from "../contract.ts";
import type { StoreContext } from "./context.ts";
import type { RedisGroups } from "./groups.ts";
import { partitionOf } from "./partitions.ts";
import { runBlocks } from "./verbs/blocks.ts";
import { runDetails } from "./verbs/details.ts";
import { runStates } from "./verbs/states.ts";

export function createMessageReads(
  context: StoreContext,
  groups: Pick<RedisGroups, "digests" | "numbers">,
): MessageReads {
  /** By the ids of a selection, which a scan passes again for each queue, and by partition. */
  const found = new WeakMap<readonly string[], Map<number, Promise<readonly number[]>>>();

  function numbersOf(queue: string, ids: readonly string[]): Promise<readonly number[]> {
    const byPartition = found.get(ids) ?? new Map<number, Promise<readonly number[]>>();
    found.set(ids, byPartition);
    const partition = partitionOf(queue);
    const numbers = byPartition.get(partition) ?? groups.numbers(queue, ids);
    byPartition.set(partition, numbers);
    return numbers;
  }

  return {
    details: (queue, ids) => runDetails(context, queue, ids),
    states(queue, from) {
      const ofQueue = {
        digests: (numbers: readonly number[]) => groups.digests(queue, numbers),
        numbers: (ids: readonly string[]) => numbersOf(queue, ids),
      };
      return runStates(context.run, ofQueue, queue, from);
    },
    blocks: (queue, id) => runBlocks(context, queue, id),
  };
}
