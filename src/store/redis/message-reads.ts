import type { MessageReads } from "../contract.ts";
import type { StoreContext } from "./context.ts";
import type { RedisGroups } from "./groups.ts";
import { runBlocks } from "./verbs/blocks.ts";
import { runDetails } from "./verbs/details.ts";
import { runStates } from "./verbs/states.ts";

export function createMessageReads(
  context: StoreContext,
  groups: Pick<RedisGroups, "digests" | "numbers">,
): MessageReads {
  return {
    details: (queue, ids) => runDetails(context, queue, ids),
    states(queue, from) {
      const ofQueue = {
        digests: (numbers: readonly number[]) => groups.digests(queue, numbers),
        numbers: (ids: readonly string[]) => groups.numbers(queue, ids),
      };
      return runStates(context.run, ofQueue, queue, from);
    },
    blocks: (queue, id) => runBlocks(context, queue, id),
  };
}
