import { create, fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { EditsSchema } from "../../../gen/dlq/storage/v1/edits_pb.ts";
import { type Envelope, RetrySettingsSchema } from "../../../gen/dlq/storage/v1/envelope_pb.ts";
import { MessageContentSchema } from "../../../gen/dlq/v1/dlq_service_pb.ts";
import { type Failure, FailureSchema } from "../../../gen/dlq/v1/failure_pb.ts";
import {
  type FailureRecord,
  FailureRecordSchema,
  type MessageEdit,
  MessageEditSchema,
  MessageLeaseSchema,
  type StoredMessage,
  StoredMessageSchema,
} from "../../../gen/dlq/v1/stored_message_pb.ts";
import { groupIdOf } from "../../app/groups/group-id.ts";
import type { ContentView } from "../../app/messages/content-view.ts";
import type { MessageDetails, StoredFailure } from "../../app/messages/message-admin.ts";
import { arrivalDecisionOf } from "../../codec/arrival-decision.ts";
import { openStored } from "../../codec/message.ts";
import { createdAtMs, parseMessageId } from "../../core/message-id.ts";
import { QUARANTINE_REASONS } from "../../core/reason.ts";
import { writeMessage } from "./deliveries.ts";
import { hideRedacted } from "./redacted-message.ts";
import { STATE_NUMBERS } from "./states.ts";
import { writeTimelineEvent } from "./timeline-event.ts";
import { checkQueue, Violations } from "./violations.ts";

/** Reads the fields that name a message. */
export function readMessageName(request: { queue: string; id: string }): {
  queue: string;
  id: Uint8Array;
} {
  const v = new Violations();
  checkQueue(v, "queue", request.queue);
  const id = parseMessageId(request.id);
  if (id === undefined) v.add("id", "is not the id of a message: a UUID in lower case");
  v.throwIfAny();
  return { queue: request.queue, id: id as Uint8Array };
}

/** Writes a message as far as the view shows it. */
export function writeStoredMessage(
  queue: string,
  id: Uint8Array,
  details: MessageDetails,
  { redacted }: Pick<ContentView, "redacted">,
): StoredMessage {
  const stored = storedMessageOf(queue, id, details);
  if (redacted !== undefined) hideRedacted(stored, redacted);
  return stored;
}

/** As `writeStoredMessage`, without what only a look at one message needs. */
export function writeBasicMessage(
  queue: string,
  id: Uint8Array,
  details: MessageDetails,
  { redacted }: Pick<ContentView, "redacted">,
): StoredMessage {
  const { message, original: _original, ...rest } = storedMessageOf(queue, id, details);
  if (message !== undefined) {
    delete message.payload;
    message.attributes = {};
  }
  const failures = rest.failures.slice(-1);
  for (const one of [message, ...failures]) {
    if (one?.failure !== undefined) one.failure.stackTrace = "";
  }
  const left = { ...rest, edits: [], failures, ...(message && { message }) };
  const stored = create(StoredMessageSchema, left);
  if (redacted !== undefined) hideRedacted(stored, redacted);
  stored.events = [];
  return stored;
}

function storedMessageOf(queue: string, id: Uint8Array, details: MessageDetails): StoredMessage {
  const { envelope } = openStored(details.envelope, undefined);
  const { quarantineReason } = details;
  const retry = fromBinary(RetrySettingsSchema, details.retrySettings);
  const stored = create(StoredMessageSchema, {
    message: writeMessage({
      ...details,
      ...{
        queue,
        id,
        createdAtMs: createdAtMs(id),
        latestFailure: details.laterFailures.at(-1)?.failure,
      },
    }),
    state: STATE_NUMBERS[details.state],
    stateTime: timestampFromMs(details.sinceMs),
    movingTo: details.movesTo ?? "",
    isolated: details.isolated,
    deliveryCount: details.deliveries,
    releaseCount: details.releases,
    expiredLeaseCount: details.leaseExpiries,
    unknownOutcomeCount: details.unknownOutcomes,
    failures: failuresOf(id, envelope, details),
    edits: editsOf(details),
    events: details.events.map(writeTimelineEvent),
    sizeBytes: details.bytes,
    groupId: groupIdOf(details.group),
  });
  if (quarantineReason !== undefined)
    stored.quarantineReason = QUARANTINE_REASONS[quarantineReason];
  if (details.leaseExpireAtMs !== undefined) {
    stored.lease = create(MessageLeaseSchema, {
      workerId: details.workerId ?? "",
      streamEnded: details.streamEnded,
      startTime: timestampFromMs(details.sinceMs),
      expireTime: timestampFromMs(details.leaseExpireAtMs),
    });
  }
  if (details.edits !== undefined) {
    const { payload, attributes } = envelope;
    stored.original = create(MessageContentSchema, { attributes });
    if (payload !== undefined) stored.original.payload = payload;
  }
  if (retry.maxRetries !== undefined) stored.maxRetries = retry.maxRetries;
  if (retry.policy !== undefined) stored.retryPolicy = retry.policy;
  if (retry.rulePolicy !== undefined) stored.ruleRetryPolicy = retry.rulePolicy;
  return stored;
}

function failuresOf(id: Uint8Array, envelope: Envelope, details: MessageDetails): FailureRecord[] {
  const imported = envelope.importedHistory?.failures ?? [];
  // With an imported history the creation of the message is its first failure.
  const sentAt = imported.length === 0 ? timestampFromMs(createdAtMs(id)) : undefined;
  return [
    ...imported.map(({ failure, time }) => recordOf(failure, time, { imported: true })),
    recordOf(envelope.failure, sentAt, { decision: arrivalDecisionOf(envelope, details) }),
    ...details.laterFailures.map(writeLater),
  ];
}

function writeLater({ failure: bytes, attempt }: StoredFailure): FailureRecord {
  const failure = fromBinary(FailureSchema, bytes);
  if (attempt === undefined) return recordOf(failure, undefined);
  const { startedAtMs, endedAtMs, workerId = "", server = "", delivery = 0 } = attempt;
  return recordOf(failure, timestampFromMs(endedAtMs), {
    ...(startedAtMs === undefined ? {} : { startTime: timestampFromMs(startedAtMs) }),
    ...{ workerId, server, deliveryNumber: delivery },
    decision: attempt.exempt ? EXEMPT : attempt.decision,
  });
}

/** What was decided did not apply. */
export const EXEMPT = "not counted: the breaker had opened; due when the breaker lets it pass";

function recordOf(
  failure: Failure | undefined,
  time: Timestamp | undefined,
  known: MessageInitShape<typeof FailureRecordSchema> = {},
): FailureRecord {
  const record = create(FailureRecordSchema, known);
  if (failure !== undefined) record.failure = failure;
  if (time !== undefined) record.time = time;
  return record;
}

function editsOf({ edits }: MessageDetails): MessageEdit[] {
  if (edits === undefined) return [];
  return fromBinary(EditsSchema, edits).edits.map(({ who, time, target, patch, inverse }) => {
    const edit = create(MessageEditSchema, { source: who, target, patch, inverse });
    if (time !== undefined) edit.time = time;
    return edit;
  });
}
