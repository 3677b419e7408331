import { create, toBinary } from "@bufbuild/protobuf";
import {
  type ListMessagesRequest,
  type ListMessagesResponse,
  ListMessagesResponseSchema,
  MessageView,
} from "../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { type StoredMessage, StoredMessageSchema } from "../../../gen/dlq/v1/stored_message_pb.ts";
import type { ListedPage, ListMessagesCommand } from "../../app/messages/list-messages.ts";
import type { ScanPlace } from "../../app/messages/scan.ts";
import { formatMessageId, parseMessageId } from "../../core/message-id.ts";
import { QUEUE_NAME } from "../../core/settings.ts";
import { compileFilter, type Filter } from "../../rules/filter.ts";
import { readExpression, readPattern } from "./message-selection.ts";
import { type Query, readPageToken, writePageToken } from "./page-token.ts";
import { readPageSize } from "./pages.ts";
import { writeBasicMessage, writeStoredMessage } from "./stored-message.ts";
import { Violations } from "./violations.ts";

const PAGE_DEFAULT = 100;
/** A page ends before this, except for a single larger message. */
export const MESSAGES_PAGE_BYTES = 1024 * 1024;

/** A request, and the answer that the command fills. */
export interface MessageList {
  command: ListMessagesCommand;
  answer(page: ListedPage): ListMessagesResponse;
}

export function readListMessages(request: ListMessagesRequest): MessageList {
  const v = new Violations();
  const { newestFirst, view, showRedacted } = request;
  const queues = readPattern(v, request.queue);
  const pageSize = readPageSize(v, request.pageSize, PAGE_DEFAULT);
  const filter = readExpression(v, "filter", () => compileFilter(request.filter));
  const after = readPageToken(v, request.pageToken, queryOf(request), placeOf);
  v.throwIfAny();
  const messages: StoredMessage[] = [];
  let bytes = 0;
  return {
    command: {
      filter: filter as Filter,
      ...{ queues, newestFirst, pageSize, after, showRedacted },
      history: view === MessageView.FULL,
      take(from, id, details, shown) {
        const write = view === MessageView.FULL ? writeStoredMessage : writeBasicMessage;
        const message = write(from, id, details, shown);
        bytes += toBinary(StoredMessageSchema, message).length;
        if (messages.length > 0 && bytes > MESSAGES_PAGE_BYTES) return false;
        messages.push(message);
        return true;
      },
    },
    answer: ({ next, examined, redacted, damaged }) =>
      create(ListMessagesResponseSchema, {
        messages,
        nextPageToken: next === undefined ? "" : writePageToken(queryOf(request), partsOf(next)),
        examinedCount: BigInt(examined),
        redactedCount: BigInt(redacted),
        damagedCount: BigInt(damaged),
      }),
  };
}

const queryOf = ({ queue, filter, newestFirst }: ListMessagesRequest): Query => ({
  values: [queue, filter, newestFirst],
  names: "queue, filter or order",
});

export function partsOf({ queue, message }: ScanPlace): (string | number)[] {
  return message === undefined ? [queue] : [queue, message.chunk, formatMessageId(message.id)];
}

export function placeOf([queue = "", chunk, idText = "", ...rest]: readonly string[]):
  | ScanPlace
  | undefined {
  if (!QUEUE_NAME.test(queue) || rest.length > 0) return undefined;
  if (chunk === undefined) return { queue, message: undefined };
  const id = parseMessageId(idText);
  if (!/^\d{1,10}$/.test(chunk) || id === undefined) return undefined;
  return { queue, message: { chunk: Number(chunk), id } };
}
