import type { MessageReads } from "../contract.ts";
import type { StoreContext } from "./context.ts";
import type { GroupNumbers } from "./group-numbers.ts";
import { runBlocks } from "./verbs/blocks.ts";
import { runDetails } from "./verbs/details.ts";
import { runStates } from "./verbs/states.ts";

export function createMessageReads(
  context: StoreContext,
  groups: Pick<GroupNumbers, "digests" | "numbers">,
): MessageReads {
  return {
    details: (queue, ids) => runDetails(context, queue, ids),
    states: (queue, from) => runStates(context.run, groups, queue, from),
    blocks: (queue, id) => runBlocks(context, queue, id),
  };
}
