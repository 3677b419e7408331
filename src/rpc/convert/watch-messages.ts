import { create, toBinary } from "@bufbuild/protobuf";
import {
  type MessageChange,
  MessageChangeSchema,
  MessageView,
  type WatchMessagesRequest,
  type WatchMessagesResponse,
  WatchMessagesResponseSchema,
} from "../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import type {
  MessageChange as Change,
  MessageChanges,
  WatchMessagesCommand,
} from "../../app/messages/watch-messages.ts";
import { DamagedMessage, readStored } from "../../core/damaged-message.ts";
import { formatMessageId } from "../../core/message-id.ts";
import { compileFilter, type Filter } from "../../rules/filter.ts";
import { MESSAGES_PAGE_BYTES } from "./list-messages.ts";
import { readExpression, readPattern } from "./message-selection.ts";
import { writeBasicMessage, writeStoredMessage } from "./stored-message.ts";
import { Violations } from "./violations.ts";

export function readWatchMessages(request: WatchMessagesRequest): WatchMessagesCommand {
  const v = new Violations();
  const queues = readPattern(v, request.queue);
  const filter = readExpression(v, "filter", () => compileFilter(request.filter));
  v.throwIfAny();
  const { showRedacted, view } = request;
  return { queues, filter: filter as Filter, showRedacted, history: view === MessageView.FULL };
}

/** A change without its message: names, an id, and what is known of its state. */
const CHANGE_BYTES = 512;

/** A failure or an entry of a timeline without its texts. */
const ENTRY_BYTES = 256;
/** An id of a message that is read later. */
const ID_BYTES = 200;

/** About how many bytes a watch takes while its client has not read the responses. */
export function messageChangesBytes({ changes, laterMessages = 0 }: MessageChanges): number {
  let bytes = ID_BYTES * laterMessages;
  for (const { now } of changes) bytes += CHANGE_BYTES + (now ? detailsBytes(now) : 0);
  return bytes;
}

function detailsBytes({ details }: NonNullable<Change["now"]>): number {
  const { envelope, edits, retrySettings, laterFailures, events } = details;
  let bytes = envelope.length + (edits?.length ?? 0) + retrySettings.length;
  for (const { failure, attempt } of laterFailures)
    bytes += ENTRY_BYTES + failure.length + (attempt?.decision.length ?? 0);
  for (const { note } of events) bytes += ENTRY_BYTES + note.length;
  return bytes;
}

/** Returns one response or more, each of at most 1 MiB, except for a single larger message. */
export function writeMessageChanges(
  { changes, listAgain }: MessageChanges,
  view: MessageView,
): WatchMessagesResponse[] {
  const responses = [create(WatchMessagesResponseSchema, { listAgain })];
  let bytes = 0;
  for (const change of changes) {
    const written = writeChange(change, view);
    const size = toBinary(MessageChangeSchema, written).length;
    bytes += size;
    if (bytes > MESSAGES_PAGE_BYTES && responses.at(-1)?.changes.length !== 0) {
      responses.push(create(WatchMessagesResponseSchema));
      bytes = size;
    }
    responses.at(-1)?.changes.push(written);
  }
  return responses;
}

function writeChange({ queue, id, now }: Change, view: MessageView): MessageChange {
  const write = view === MessageView.FULL ? writeStoredMessage : writeBasicMessage;
  const message = now && readStored(() => write(queue, id, now.details, now.view));
  return create(MessageChangeSchema, {
    ...{ queue, id: formatMessageId(id) },
    // GetMessage explains a damaged one.
    ...(message && !(message instanceof DamagedMessage) && { message }),
  });
}
