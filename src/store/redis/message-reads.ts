import type { MessageReads } from "../contract.ts";
import type { StoreContext } from "./context.ts";
import type { RedisGroups } from "./groups.ts";
import { runBlocks } from "./verbs/blocks.ts";
import { runDetails } from "./verbs/details.ts";
import { runStates } from "./verbs/states.ts";

export function createMessageReads(
  context: StoreContext,
  groups: Pick<RedisGroups, "digests">,
): MessageReads {
  return {
    details: (queue, ids) => runDetails(context, queue, ids),
    states: (queue, from) =>
      runStates(context.run, (numbers) => groups.digests(queue, numbers), queue, from),
    blocks: (queue, id) => runBlocks(context, queue, id),
  };
}
