import { decodeContent, decodeEdits } from "../../codec/message.ts";
import type { Payload } from "../../core/message.ts";
import { createdAtMs, formatMessageId } from "../../core/message-id.ts";
import type { ContentFacts, StateFacts } from "../../rules/filter.ts";
import type { MessageDetails, StateFields } from "../../store/contract.ts";
import { groupIdOf } from "../groups/group-id.ts";
import { messageFacts } from "../rules/rule-judge.ts";
import type { ContentView } from "./content-view.ts";

export function stateFacts(
  queue: string,
  id: Uint8Array,
  fields: StateFields & { orderingKey: string; group: string },
): StateFacts {
  return {
    ...{ id: formatMessageId(id), queue, orderingKey: fields.orderingKey },
    priority: fields.priority,
    reason: fields.reason,
    state: fields.state,
    quarantineReason: fields.quarantineReason ?? "",
    attempts: fields.attempts,
    deliveryCount: fields.deliveries,
    failureCount: fields.failureCount,
    unknownOutcomeCount: fields.unknownOutcomes,
    sizeBytes: fields.bytes,
    isolated: fields.isolated,
    groupId: groupIdOf(fields.group),
    createdAtMs: createdAtMs(id),
    sinceMs: fields.sinceMs,
    dueAtMs: fields.dueAtMs,
    expireAtMs: fields.expireAtMs,
  };
}

/** Hidden values are not among the facts: a search would find out what they are. Throws on damaged bytes. */
export function contentFacts(
  queue: string,
  details: MessageDetails,
  { redacted }: Pick<ContentView, "redacted">,
): ContentFacts {
  const { envelope, edits, laterFailures, priority, reason } = details;
  const { message, failure } = decodeContent(
    envelope,
    decodeEdits(edits),
    laterFailures.at(-1)?.failure,
  );
  const facts = {
    message: messageFacts(message, { queue, priority }),
    failure: { ...failure, reason },
    payload: () => payloadText(message.payload.body),
  };
  if (redacted === undefined) return facts;
  const shown = redacted.failure({ ...failure, stackTrace: "" });
  return {
    message: { ...facts.message, attributes: redacted.attributes(message.attributes) },
    failure: { ...facts.failure, message: shown.message, attributes: shown.attributes },
    payload: () => payloadText(redacted.payload(message.payload.body)),
  };
}

/** Bytes that are no UTF-8 become replacement characters. */
function payloadText(body: Payload["body"]): string {
  if (body === undefined || typeof body === "string") return body ?? "";
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();
}
