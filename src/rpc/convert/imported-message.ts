import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  ImportedFailureSchema,
  type ImportedHistory,
  ImportedHistorySchema,
  SendToDlqRequestSchema,
} from "../../../gen/dlq/v1/dlq_service_pb.ts";
import type { ExportedMessage } from "../../../gen/dlq/v1/exported_message_pb.ts";
import { type Message, MessageSchema } from "../../../gen/dlq/v1/message_pb.ts";
import {
  type FailureRecord,
  type StoredMessage,
  StoredMessageSchema,
} from "../../../gen/dlq/v1/stored_message_pb.ts";
import type { MessageToImport } from "../../app/messages/import-messages.ts";
import { encodeRetrySettings } from "../../codec/retry-settings.ts";
import { reasonOf } from "../../core/categorize.ts";
import { readFailure } from "./failure.ts";
import { readEdits } from "./imported-edits.ts";
import { readFacts } from "./imported-facts.ts";
import { readLaterFailures, readTimeline } from "./imported-records.ts";
import { readPolicy } from "./retry-policy.ts";
import { readSend, type SendLimits } from "./send.ts";
import { checkQueue, Violations } from "./violations.ts";

/**
 * Reads a message of an export. `queue`: where it goes; empty: to its own. Throws a DlqError with all field errors, with `prefix`
 * before each field.
 */
export function readExported(
  exported: ExportedMessage,
  queue: string,
  limits: SendLimits,
  prefix: string,
): MessageToImport {
  const v = new Violations(prefix);
  const stored = exported.stored ?? create(StoredMessageSchema);
  const message = stored.message ?? create(MessageSchema);
  const { imported, first, later } = partFailures(stored.failures);
  if (first === undefined) v.add("stored.failures", "lacks the one that the message was sent with");
  checkQueue(v, "stored.message.queue", message.queue);
  const facts = readFacts(v, exported, stored, message, limits.nowMs);
  const edits = readEdits(v, exported, stored, message, limits.payloadMaxBytes);
  const laterFailures = readLaterFailures(v, later);
  const events = readTimeline(v, stored.events);
  const rule = stored.ruleRetryPolicy;
  const rulePolicy = rule && readPolicy(v, "stored.rule_retry_policy", rule);
  v.throwIfAny();

  const history = historyOf(exported.importedHistory, imported);
  const request = create(SendToDlqRequestSchema, {
    ...sentOf(stored, message),
    queue: queue === "" ? message.queue : queue,
    ...(first?.failure && { failure: first.failure }),
    ...(history && { importedHistory: history }),
  });
  const command = readSend(request, limits, `${prefix}stored.message.`);
  const latest = later.at(-1)?.failure;
  return {
    queue: command.queue,
    content: edits === undefined ? command : { ...pickContent(command), ...edits.content },
    latestFailure: latest === undefined ? command.failure : readFailure(latest),
    item: {
      ...{ ...facts, from: message.queue, laterFailures, events },
      sourceId: command.sourceId,
      retrySettings: encodeRetrySettings({ ...command.retry, rulePolicy }),
      envelope: command.encodeEnvelope(reasonOf(command.failure), first?.decision),
      payloadBytes: command.payloadBytes,
      edits: edits?.stored,
    },
  };
}

function pickContent({ sourceId, orderingKey }: MessageToImport["content"]) {
  return { sourceId, orderingKey };
}

/** The parts of a message as it was sent. */
function sentOf(
  { original, maxRetries, retryPolicy }: StoredMessage,
  message: Message,
): MessageInitShape<typeof SendToDlqRequestSchema> {
  const { sourceId, dedupKey, orderingKey, origin, traceContext, priority } = message;
  const { payload, attributes } = original ?? message;
  return {
    ...{ attributes, sourceId, dedupKey, orderingKey, priority },
    ...(payload && { payload }),
    ...(origin && { origin }),
    ...(traceContext && { traceContext }),
    ...(maxRetries !== undefined && { maxRetries }),
    ...(retryPolicy && { retryPolicy }),
  };
}

function historyOf(
  facts: ImportedHistory | undefined,
  imported: readonly FailureRecord[],
): ImportedHistory | undefined {
  if (facts === undefined && imported.length === 0) return undefined;
  const failures = imported.map(({ failure, time }) =>
    create(ImportedFailureSchema, { ...(failure && { failure }), ...(time && { time }) }),
  );
  const { attempts = 0, quarantined = false, firstFailureTime } = facts ?? {};
  return create(ImportedHistorySchema, {
    ...{ attempts, quarantined, failures },
    ...(firstFailureTime && { firstFailureTime }),
  });
}

/** Imported ones come first, then the one that the message was sent with. */
function partFailures(failures: readonly FailureRecord[]) {
  const at = failures.findIndex((one) => !one.imported);
  if (at < 0) return { imported: failures, first: undefined, later: [] };
  return { imported: failures.slice(0, at), first: failures[at], later: failures.slice(at + 1) };
}
