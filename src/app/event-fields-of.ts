import { encodeEventFields } from "../codec/event-fields.ts";
import { actionFieldsOf } from "../core/action-fields.ts";
import { redactionOf } from "../core/redaction/redaction.ts";
import type { QueueSettings } from "../core/settings.ts";
import type { SendCommand } from "./commands.ts";

/**
 * Returns what the outbox says about a new message of a queue, without what the queue hides. `outboxFields`: attributes, and
 * `source_id`. Undefined: there is nothing to say.
 */
export function eventFieldsOf(
  message: Pick<SendCommand, "attribute" | "payload" | "sourceId">,
  settings: Pick<QueueSettings, "redact">,
  outboxFields: readonly string[] = [],
): Uint8Array | undefined {
  const redaction = redactionOf(settings.redact);
  const shown = outboxFields.filter((name) => !redaction?.hidesAttribute(name));
  return encodeEventFields(shown, message, actionFieldsOf(message, redaction?.hiddenFields));
}
