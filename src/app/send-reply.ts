// Results of sends, from the replies of the store.

import { type DlqError, queueDeleting, queueLimit } from "../core/errors.ts";
import { formatMessageId } from "../core/message-id.ts";
import type { QueueSettings } from "../core/settings.ts";
import { POISON_WHY } from "../core/verdict.ts";
import type { SendReply } from "../store/contract.ts";
import type { SendResult } from "./commands.ts";
import { type DecisionLog, failureForLog, type Observer } from "./observer.ts";
import type { JudgedSend } from "./rules/rule-judge.ts";

export interface ReplyParts {
  settingsOf(queue: string): QueueSettings;
  observer: Observer;
  log: DecisionLog;
  /** Called when a queue is sealed, to finish its deletion. */
  onDeleting(queue: string): void;
}

/**
 * Returns the result of a send, or the send for the queue to which an earlier call went. `why`
 * explains the verdict in the log.
 */
export function concludeSend(
  parts: ReplyParts,
  send: JudgedSend,
  reply: SendReply,
  why: string,
): JudgedSend | SendResult | DlqError {
  const { queue, command, reason: sentReason } = send;
  switch (reply.status) {
    case "failed":
      return reply.error;
    case "routed":
      return { ...send, queue: reply.queue };
    case "deleting":
      parts.onDeleting(queue);
      return queueDeleting(queue);
    case "full": {
      const { maxMessages, maxBytes } = parts.settingsOf(queue);
      return queueLimit(queue, reply.what, reply.what === "messages" ? maxMessages : maxBytes);
    }
    case "dropped":
      if (!reply.repeated) parts.log.debug({ queue, why }, "dropped");
      return { ...NO_MESSAGE, state: "DISCARDED", reason: reply.reason, duplicate: false };
    case "duplicate":
      parts.log.debug({ queue, why: "its send_number was used before" }, "repeated");
      return {
        ...NO_MESSAGE,
        state: undefined,
        reason: reply.reason,
        duplicate: true,
        ...(queue === command.queue ? {} : { queue }),
      };
    case "stored":
      return stored(parts, send, reply, sentReason, why);
  }
}

/** The fields of a result without a stored message. */
const NO_MESSAGE = {
  id: new Uint8Array(16),
  dueAtMs: undefined,
  quarantineReason: undefined,
} as const;

function stored(
  { observer, log, settingsOf }: ReplyParts,
  { queue, command }: JudgedSend,
  reply: SendReply & { status: "stored" },
  sentReason: JudgedSend["reason"],
  verdictWhy: string,
): SendResult {
  const { id, state, reason, quarantineReason, joined, repeated } = reply;
  const dueAtMs = state === "SCHEDULED" ? reply.dueAtMs : undefined;
  const result: SendResult = {
    id,
    state,
    reason,
    dueAtMs,
    duplicate: joined,
    quarantineReason,
    ...(queue === command.queue ? {} : { queue }),
  };
  if (repeated) return result;
  if (!joined) observer.accepted(queue, sentReason);
  const quarantined = state === "QUARANTINED" && !joined;
  if (quarantined || log.isLevelEnabled("debug")) {
    // Only the store counts the sends of a source.
    const why = quarantineReason === "POISON" ? POISON_WHY : verdictWhy;
    const facts = {
      queue,
      id: formatMessageId(id),
      reason,
      state,
      quarantineReason,
      why,
      failure: failureForLog(command.failure, settingsOf(queue)),
    };
    if (quarantined) log.info(facts, "quarantined");
    else log.debug(facts, joined ? "joined" : "accepted");
  }
  return result;
}
