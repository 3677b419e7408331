import { withoutEventFields } from "../../codec/event-fields.ts";
import { REDACTED } from "../../core/redaction/hidden-values.ts";
import { redactionOf } from "../../core/redaction/redaction.ts";
import type { OutboxChange } from "../../store/contract/outbox.ts";
import { isGroupKind } from "./events-of-change.ts";

/**
 * Hides in a state change what `redact` names: attributes and fields of actions, and the notes of workers, which may quote the
 * message. What was written while the setting was in force does not contain these values.
 */
export function shownChange(change: OutboxChange, redact: readonly string[]): OutboxChange {
  const redaction = redactionOf(redact);
  if (redaction === undefined || !mayNeedRedaction(change)) return change;
  return {
    ...change,
    note: hasNoteOfWorker(change) ? REDACTED : change.note,
    fields: withoutEventFields(change.fields, redaction.hiddenFields),
  };
}

/** Whether a change may have something that a queue hides. */
export function mayNeedRedaction(change: OutboxChange): boolean {
  return change.fields.length > 0 || hasNoteOfWorker(change);
}

/** Other notes are names of rules, queues, keys and groups; a discarded message may have either. */
function hasNoteOfWorker({ note, kind, quarantineReason }: OutboxChange): boolean {
  if (note === "" || isGroupKind(kind)) return false;
  return kind === "DISCARDED" || quarantineReason === "WORKER_REQUEST";
}
