import { DamagedMessage } from "../../core/damaged-message.ts";
import { damagedMessage } from "../../core/errors.ts";
import { formatMessageId } from "../../core/message-id.ts";
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
    async details(queue, ids) {
      const found = await runDetails(context, queue, ids, true);
      return found.map((one, index) => {
        if (!(one instanceof DamagedMessage)) return one;
        throw damagedMessage(queue, formatMessageId(ids[index] as Uint8Array), one.cause);
      });
    },
    listed: (queue, ids, history, replyBytes) =>
      runDetails(context, queue, ids, history, replyBytes),
    states: (queue, from) => runStates(context.run, groups, queue, from),
    blocks: (queue, id) => runBlocks(context, queue, id),
  };
}
