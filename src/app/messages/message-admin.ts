import { unknownMessage } from "../../core/errors.ts";
import { formatMessageId } from "../../core/message-id.ts";
import type { MessageDetails, Store } from "../../store/contract.ts";
import { type CountMessages, createCountMessages } from "./count-messages.ts";
import { createExplain, type Explain, type ExplainParts } from "./explain.ts";
import { createListMessages, type ListMessages } from "./list-messages.ts";
import { Scanner } from "./scan.ts";

export type { MessageDetails, StoredFailure } from "../../store/contract.ts";

/** Shows operators what is stored. Rejects with a DlqError, or with the error of decoding if stored content is damaged. */
export interface MessageAdmin {
  /** Rejects with NOT_FOUND if the queue has no such message. */
  get(queue: string, id: Uint8Array): Promise<MessageDetails>;
  readonly list: ListMessages;
  readonly count: CountMessages;
  readonly explain: Explain;
}

export interface MessageAdminParts extends ExplainParts {
  store: Pick<Store, "messageReads" | "queues" | "deliveryBlocks">;
}

export function createMessageAdmin(parts: MessageAdminParts): MessageAdmin {
  const { store } = parts;
  const scanner = new Scanner(store);
  return {
    explain: createExplain(parts),
    list: createListMessages(scanner),
    count: createCountMessages(scanner, () => performance.now()),

    async get(queue, id) {
      const [details] = await store.messageReads.details(queue, [id]);
      if (details === undefined) throw unknownMessage(queue, formatMessageId(id));
      return details;
    },
  };
}
