import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { ExportedMessage } from "../../../gen/dlq/v1/exported_message_pb.ts";
import type { Message } from "../../../gen/dlq/v1/message_pb.ts";
import { MessageState } from "../../../gen/dlq/v1/state_pb.ts";
import type { StoredMessage } from "../../../gen/dlq/v1/stored_message_pb.ts";
import type { MessageToImport } from "../../app/messages/import-messages.ts";
import { createdAtMs, parseMessageId } from "../../core/message-id.ts";
import {
  type QuarantineReason,
  quarantineReasonFromNumber,
  type Reason,
  reasonFromNumber,
} from "../../core/reason.ts";
import { DAY_MS } from "../../core/time-units.ts";
import { WIRE_LIMITS } from "./limits.ts";
import { readDurationMs, readTimestampMs } from "./time.ts";
import type { Violations } from "./violations.ts";

type Facts = Omit<
  MessageToImport["item"],
  | "from"
  | "sourceId"
  | "retrySettings"
  | "envelope"
  | "payloadBytes"
  | "edits"
  | "laterFailures"
  | "events"
>;

const STATES: ReadonlySet<MessageState> = new Set([
  MessageState.SCHEDULED,
  MessageState.IN_FLIGHT,
  MessageState.QUARANTINED,
]);
const [MOST_8, MOST_16] = [0xff, 0xffff];

/** Reads what the state of an exported message says. The values used for refused fields do not matter. */
export function readFacts(
  v: Violations,
  exported: ExportedMessage,
  stored: StoredMessage,
  message: Message,
  nowMs: number,
): Facts {
  const count = (field: string, value: number, most: number) => {
    if (value > most) v.add(field, `is ${value}; at most ${most} is possible`);
    return value;
  };
  const { state, isolated } = stored;
  if (!STATES.has(state)) v.add("stored.state", "is not SCHEDULED, IN_FLIGHT or QUARANTINED");
  const isQuarantined = state === MessageState.QUARANTINED;
  // Its worker may have reported an outcome since.
  const unknown = stored.unknownOutcomeCount + (state === MessageState.IN_FLIGHT ? 1 : 0);
  const kept = stored.failures.length;
  if (message.failureCount < kept)
    v.add("stored.message.failure_count", `is ${message.failureCount}, and there are ${kept}`);
  const priority = exported.effectivePriority;
  if (Math.abs(priority) > WIRE_LIMITS.priority) {
    const most = WIRE_LIMITS.priority;
    v.add("effective_priority", `is ${priority}; it must be from -${most} to ${most}`);
  }
  const dueAtMs = readTime(v, "stored.message.due_time", message.dueTime);
  if (dueAtMs === undefined && !isQuarantined) v.add("stored.message.due_time", "is required");
  // As of a send. It bounds the end of the message's life, too.
  if (dueAtMs !== undefined && dueAtMs > nowMs + WIRE_LIMITS.firstRetryMs)
    v.add("stored.message.due_time", "is more than 365 days ahead");
  const longest = WIRE_LIMITS.ttlMaxMs;
  return {
    id: readId(v, message.id, nowMs),
    quarantineReason: isQuarantined ? readQuarantine(v, stored.quarantineReason) : undefined,
    reason: readReason(v, message.reason),
    ...{ isolated, poisoned: exported.poisoned, priority },
    attempts: count("stored.message.attempts", message.attempts, MOST_16),
    deliveries: stored.deliveryCount,
    releases: count("stored.release_count", stored.releaseCount, MOST_8),
    leaseExpiries: count("stored.expired_lease_count", stored.expiredLeaseCount, MOST_8),
    unknownOutcomes: Math.min(unknown, MOST_16),
    failureCount: count("stored.message.failure_count", message.failureCount, MOST_16),
    dueAtMs: dueAtMs ?? 0,
    ...readLife(v, exported, message),
    roundStartedAtMs: readTime(v, "round_start_time", exported.roundStartTime),
    lastDelayMs: readDurationMs(v, "last_delay", exported.lastDelay, 0, longest) ?? 0,
    moves: count("move_count", exported.moveCount, MOST_8),
  };
}

function readLife(v: Violations, { ttl }: ExportedMessage, { expireTime }: Message) {
  const { ttlMinMs, ttlMaxMs } = WIRE_LIMITS;
  const ttlMs = readDurationMs(v, "ttl", ttl, ttlMinMs, ttlMaxMs);
  const expireAtMs = readTime(v, "stored.message.expire_time", expireTime);
  if (expireAtMs !== undefined && ttl === undefined)
    v.add("ttl", "is required for a message with an expire_time");
  return { ttlMs: ttlMs ?? 0, expireAtMs };
}

/** The id has the place of the message in the queue that made it. */
function readId(v: Violations, text: string, nowMs: number): Uint8Array {
  const id = parseMessageId(text);
  const isOwn = id !== undefined && (id[6] ?? 0) >> 4 === 7 && (id[8] ?? 0) >> 6 === 2;
  if (!isOwn) v.add("stored.message.id", "is not the id of a message: a UUID of version 7");
  else if (createdAtMs(id) > nowMs + DAY_MS)
    v.add("stored.message.id", "has a time that is more than a day ahead of this server's clock");
  return id ?? new Uint8Array(16);
}

function readTime(v: Violations, field: string, time: Timestamp | undefined): number | undefined {
  const atMs = time && readTimestampMs(v, field, time, Number.POSITIVE_INFINITY, "");
  if (atMs !== undefined && atMs < 0) v.add(field, "is before 1970");
  return atMs;
}

function readReason(v: Violations, number: number): Reason {
  const reason = reasonFromNumber(number);
  if (reason === undefined) v.add("stored.message.reason", "is unknown to this server");
  return reason ?? "UNKNOWN_ERROR";
}

function readQuarantine(v: Violations, number: number): QuarantineReason | undefined {
  const reason = quarantineReasonFromNumber(number);
  if (reason === undefined) v.add("stored.quarantine_reason", "is unknown to this server");
  return reason;
}
