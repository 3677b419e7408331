import { create } from "@bufbuild/protobuf";
import {
  type ImportMessagesRequest,
  type ImportMessagesResponse,
  ImportMessagesResponseSchema,
} from "../../gen/dlq/v1/dlq_admin_service_pb.ts";
import type { MessageToImport } from "../app/messages/import-messages.ts";
import type { MessageAdmin } from "../app/messages/message-admin.ts";
import { Pace } from "../app/timers.ts";
import { DlqError, internal } from "../core/errors.ts";
import { checkImport, writeImportResult } from "./convert/import-messages.ts";
import { readExported } from "./convert/imported-message.ts";
import { toErrorStatus } from "./error-map.ts";
import type { Guard } from "./guard.ts";

interface ImportOptions {
  messages: Pick<MessageAdmin, "importMessages">;
  reportInternal: Guard["reportInternal"];
  payloadMaxBytes: number;
  /** Wall clock in ms. */
  now?: () => number;
}

/** Accepts or refuses each message separately. The valid ones go to the store in one call. */
export async function importMessages(
  request: ImportMessagesRequest,
  caller: string | undefined,
  { messages, reportInternal, payloadMaxBytes, now = Date.now }: ImportOptions,
): Promise<ImportMessagesResponse> {
  checkImport(request);
  const { importId, dryRun, queue } = request;
  const limits = { payloadMaxBytes, nowMs: now() };
  const read: (MessageToImport | DlqError)[] = [];
  const pace = new Pace();
  for (const [index, message] of request.messages.entries()) {
    try {
      read.push(readExported(message, queue, limits, `messages[${index}].`));
    } catch (error) {
      if (!(error instanceof DlqError)) throw error;
      read.push(error);
    }
    if (pace.isTooLong) await pace.giveTurn();
  }
  const valid = read.filter((one): one is MessageToImport => !(one instanceof DlqError));
  const { results, storeId } = await messages.importMessages({
    importId,
    dryRun,
    caller,
    messages: valid,
  });
  const refused = (error: DlqError) =>
    error.kind === "INTERNAL"
      ? toErrorStatus(error, reportInternal(error.cause ?? error, "ImportMessages"))
      : toErrorStatus(error);
  let next = 0;
  const written = read.map((one) => {
    const result = one instanceof DlqError ? one : results[next++];
    return writeImportResult(result ?? internal(new Error("a message has no result")), refused);
  });
  return create(ImportMessagesResponseSchema, { results: written, storeId });
}
