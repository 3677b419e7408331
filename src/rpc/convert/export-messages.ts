import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { EditsSchema } from "../../../gen/dlq/storage/v1/edits_pb.ts";
import {
  type ExportMessagesRequest,
  type ExportMessagesResponse,
  ExportMessagesResponseSchema,
} from "../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { ImportedHistorySchema } from "../../../gen/dlq/v1/dlq_service_pb.ts";
import {
  type ExportedMessage,
  ExportedMessageSchema,
} from "../../../gen/dlq/v1/exported_message_pb.ts";
import type { ExportCommand, ExportedPage } from "../../app/messages/export-messages.ts";
import type { MessageDetails } from "../../app/messages/message-admin.ts";
import { openStored } from "../../codec/message.ts";
import { compileFilter, type Filter } from "../../rules/filter.ts";
import { MESSAGES_PAGE_BYTES, partsOf, placeOf } from "./list-messages.ts";
import { readExpression, readPattern } from "./message-selection.ts";
import { type Query, readPageToken, writePageToken } from "./page-token.ts";
import { writeStoredMessage } from "./stored-message.ts";
import { Violations } from "./violations.ts";

/** An export: its command gives each page its messages, and `answer` takes them. */
export interface MessageExport {
  command: ExportCommand;
  answer(page: ExportedPage): ExportMessagesResponse;
}

export function readExportMessages(request: ExportMessagesRequest): MessageExport {
  const v = new Violations();
  const { showRedacted, resumeToken } = request;
  const queues = readPattern(v, request.queue);
  const filter = readExpression(v, "filter", () => compileFilter(request.filter));
  const query = queryOf(request);
  const after = readPageToken(v, resumeToken, query, placeOf, "resume_token");
  v.throwIfAny();
  let messages: ExportedMessage[] = [];
  let bytes = 0;
  return {
    command: {
      filter: filter as Filter,
      ...{ queues, after, showRedacted },
      take(queue, id, details) {
        const message = writeExported(queue, id, details);
        bytes += toBinary(ExportedMessageSchema, message).length;
        if (messages.length > 0 && bytes > MESSAGES_PAGE_BYTES) return false;
        messages.push(message);
        return true;
      },
    },
    answer({ next, examined, damaged, storeId }) {
      const response = create(ExportMessagesResponseSchema, {
        ...{ messages, storeId },
        resumeToken: next === undefined ? "" : writePageToken(query, partsOf(next)),
        examinedCount: BigInt(examined),
        damagedCount: BigInt(damaged),
      });
      messages = [];
      bytes = 0;
      return response;
    },
  };
}

const queryOf = ({ queue, filter }: ExportMessagesRequest): Query => ({
  values: ["export", queue, filter],
  names: "queue or filter",
});

function writeExported(queue: string, id: Uint8Array, details: MessageDetails): ExportedMessage {
  const { roundStartedAtMs, ttlMs, lastDelayMs, moves, poisoned, priority } = details;
  const exported = create(ExportedMessageSchema, {
    stored: writeStoredMessage(queue, id, details, { redacted: undefined }),
    ...{ moveCount: moves, poisoned, effectivePriority: priority },
  });
  if (ttlMs > 0) exported.ttl = durationFromMs(ttlMs);
  if (roundStartedAtMs !== undefined) exported.roundStartTime = timestampFromMs(roundStartedAtMs);
  if (lastDelayMs > 0) exported.lastDelay = durationFromMs(lastDelayMs);
  if (details.edits !== undefined) {
    const { applied, edits } = fromBinary(EditsSchema, details.edits);
    exported.appliedTransforms = applied;
    exported.editHashes = edits.map(({ hash }) => hash);
  }
  const history = openStored(details.envelope, undefined).envelope.importedHistory;
  if (history !== undefined) {
    exported.importedHistory = create(ImportedHistorySchema, { ...history, failures: [] });
  }
  return exported;
}
