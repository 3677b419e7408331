import { create } from "@bufbuild/protobuf";
import { type Failure, FailureSchema } from "../../../gen/dlq/v1/failure_pb.ts";
import { type Payload, PayloadSchema } from "../../../gen/dlq/v1/message_pb.ts";
import { TransformTarget } from "../../../gen/dlq/v1/rule_pb.ts";
import type { StoredMessage } from "../../../gen/dlq/v1/stored_message_pb.ts";
import { REDACTED } from "../../core/redaction/hidden-values.ts";
import type { RedactedMessage } from "../../core/redaction/redacted-message.ts";
import type { TransformTarget as Target } from "../../core/transform/transform.ts";

/** Hides in an answer what the queue of the message does not show, and says what that is. */
export function hideRedacted(stored: StoredMessage, redacted: RedactedMessage): void {
  for (const content of [stored.message, stored.original]) {
    if (content === undefined) continue;
    if (content.payload !== undefined) content.payload = shownPayload(content.payload, redacted);
    content.attributes = redacted.attributes(content.attributes);
  }
  for (const holder of [stored.message, ...stored.failures]) {
    if (holder?.failure !== undefined) holder.failure = shownFailure(holder.failure, redacted);
  }
  for (const edit of stored.edits) {
    const target = TARGETS[edit.target];
    const shown = (patch: string) =>
      target === undefined && patch !== "" ? REDACTED : redacted.patch(target ?? "PAYLOAD", patch);
    edit.patch = shown(edit.patch);
    edit.inverse = shown(edit.inverse);
  }
  for (const event of stored.events) event.note = redacted.note(event.note);
  stored.redacted = redacted.hidden;
}

const TARGETS: Readonly<Record<number, Target>> = {
  [TransformTarget.PAYLOAD]: "PAYLOAD",
  [TransformTarget.ATTRIBUTES]: "ATTRIBUTES",
};

function shownPayload({ body, contentType }: Payload, redacted: RedactedMessage): Payload {
  const payload = create(PayloadSchema, { contentType });
  const shown = redacted.payload(body.value);
  if (typeof shown === "string") payload.body = { case: "text", value: shown };
  else if (shown !== undefined) payload.body = { case: "data", value: shown };
  return payload;
}

function shownFailure(failure: Failure, redacted: RedactedMessage): Failure {
  const shown = create(FailureSchema, failure);
  shown.fingerprint = redacted.fingerprint(failure.fingerprint);
  return Object.assign(shown, redacted.failure(failure));
}
