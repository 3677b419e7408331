import { create } from "@bufbuild/protobuf";
import {
  type ImportMessagesRequest,
  ImportOutcome,
  type ImportResult,
  ImportResultSchema,
} from "../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import type { ErrorStatus } from "../../../gen/dlq/v1/dlq_service_pb.ts";
import type { ImportResult as Result } from "../../app/messages/import-messages.ts";
import { DlqError } from "../../core/errors.ts";
import { WIRE_LIMITS } from "./limits.ts";
import { checkCount, checkQueue, checkText, Violations } from "./violations.ts";

/** Checks what is of the whole call. */
export function checkImport({ importId, messages, queue }: ImportMessagesRequest): void {
  const v = new Violations();
  if (importId === "")
    v.add("import_id", "is required: 1 to 128 bytes, the same for all calls of an import");
  checkText(v, "import_id", importId, WIRE_LIMITS.requestIdBytes);
  checkCount(v, "messages", messages.length, 1, WIRE_LIMITS.items);
  if (queue !== "") checkQueue(v, "queue", queue);
  v.throwIfAny();
}

/** `refused` writes the error of a message. */
export function writeImportResult(
  result: Result,
  refused: (error: DlqError) => ErrorStatus,
): ImportResult {
  if (result instanceof DlqError) {
    return create(ImportResultSchema, { outcome: ImportOutcome.REFUSED, error: refused(result) });
  }
  return create(ImportResultSchema, { outcome: ImportOutcome[result] });
}
