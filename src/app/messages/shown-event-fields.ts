import { withoutEventFields } from "../../codec/event-fields.ts";
import type { Redaction } from "../../core/redaction/redaction.ts";

/** The fields of a state change (`dlq.storage.v1.EventFields`) without those that its queue hides. Throws on damaged bytes. */
export function shownEventFields(fields: Uint8Array, redaction: Redaction): Uint8Array {
  return withoutEventFields(fields, redaction.hiddenFields);
}
