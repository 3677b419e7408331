import { unknownMessage } from "../../core/errors.ts";
import { formatMessageId } from "../../core/message-id.ts";
import type { MessageDetails, Store } from "../../store/contract.ts";

export type { MessageDetails } from "../../store/contract.ts";

/** Shows operators what is stored. Each call rejects only with a DlqError. */
export interface MessageAdmin {
  /** Rejects with NOT_FOUND if the queue has no such message. */
  get(queue: string, id: Uint8Array): Promise<MessageDetails>;
}

export function createMessageAdmin({ messageReads }: Pick<Store, "messageReads">): MessageAdmin {
  return {
    async get(queue, id) {
      const details = await messageReads.details(queue, id);
      if (details === undefined) throw unknownMessage(queue, formatMessageId(id));
      return details;
    },
  };
}
