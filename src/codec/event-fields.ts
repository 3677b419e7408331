import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  EventFieldsSchema,
  type EventFields as StoredFields,
} from "../../gen/dlq/storage/v1/event_fields_pb.ts";
import type { HiddenFields } from "../core/action-fields.ts";
import type { ActionFields } from "../core/event.ts";

/** The most bytes of one message's fields, encoded. */
const MAX_BYTES = 255;
/** Those of an action, so that there is room for others. */
const ACTION_BYTES = 180;
/** The name of the field that is no attribute. */
const SOURCE_ID = "source_id";

interface EventSource {
  readonly sourceId: string;
  attribute(name: string): string | undefined;
}

/** What events say about a message, beside its state. */
export interface EventFields {
  /** Empty: unknown. */
  readonly sourceId: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly action: ActionFields | undefined;
}

/**
 * Encodes what the outbox says about a message: its action, and the attributes of these names, and its source id under
 * `source_id`. Objects of the action for which there is no room are counted; a value that would exceed 255 bytes in all is left
 * out, and those behind it may still fit. Undefined: there is nothing to say.
 */
export function encodeEventFields(
  names: readonly string[],
  message: EventSource,
  action?: ActionFields,
): Uint8Array | undefined {
  const stored = action === undefined ? undefined : fittingAction(action);
  let encoded =
    stored && toBinary(EventFieldsSchema, create(EventFieldsSchema, { action: stored }));
  const fitting: [string, string][] = [];
  for (const name of names) {
    const value = name === SOURCE_ID ? message.sourceId : message.attribute(name);
    if (value === undefined || value === "") continue;
    const bytes = toBinary(
      EventFieldsSchema,
      create(EventFieldsSchema, {
        values: Object.fromEntries([...fitting, [name, value]]),
        ...(stored && { action: stored }),
      }),
    );
    if (bytes.length > MAX_BYTES) continue;
    fitting.push([name, value]);
    encoded = bytes;
  }
  return encoded;
}

/** Undefined: not even its type fits. */
function fittingAction({ actionTypeId, objectIds, executedBy, omittedObjects }: ActionFields) {
  // A field takes two bytes beside its text.
  const size = (text: string) => (text === "" ? 0 : Buffer.byteLength(text) + 2);
  // The number of omitted objects may take so much.
  let left = ACTION_BYTES - size(actionTypeId) - 6;
  if (left < 0) return undefined;
  const by = size(executedBy) <= left ? executedBy : "";
  left -= size(by);
  const fitting: string[] = [];
  for (const id of objectIds) {
    left -= size(id);
    if (left < 0) break;
    fitting.push(id);
  }
  return {
    actionTypeId,
    executedBy: by,
    objectIds: fitting,
    omittedObjectCount: omittedObjects + objectIds.length - fitting.length,
  };
}

/** Leaves out fields, such as those that a queue hides. */
export function withoutEventFields(bytes: Uint8Array, hidden: HiddenFields): Uint8Array {
  const { action, ...fields } = readFields(bytes);
  const shown = Object.entries(fields.values).filter(([name]) => !hidden.attribute(name));
  return toBinary(EventFieldsSchema, {
    ...fields,
    values: Object.fromEntries(shown),
    ...(action && { action: shownAction(action, hidden) }),
  });
}

/** Fields of an action may be of an attribute or of the payload. */
function shownAction(
  action: NonNullable<StoredFields["action"]>,
  hidden: HiddenFields,
): NonNullable<StoredFields["action"]> {
  const isHidden = (name: string) => hidden.attribute(name) || hidden.payload(name);
  return {
    ...action,
    ...(isHidden("action_type_id") && { actionTypeId: "" }),
    ...(isHidden("object_ids") && { objectIds: [], omittedObjectCount: 0 }),
    ...(isHidden("executed_by") && { executedBy: "" }),
  };
}

/** Damaged bytes have no fields: they must not stop the events of a partition. */
function readFields(bytes: Uint8Array): StoredFields {
  try {
    return fromBinary(EventFieldsSchema, bytes);
  } catch {
    return create(EventFieldsSchema);
  }
}

export function decodeEventFields(bytes: Uint8Array): EventFields {
  if (bytes.length === 0) return NO_FIELDS;
  const { values, action } = readFields(bytes);
  const { [SOURCE_ID]: sourceId = "", ...attributes } = values;
  return { sourceId, attributes, action: action && actionOf(action) };
}

const NO_FIELDS: EventFields = { sourceId: "", attributes: {}, action: undefined };

function actionOf(stored: NonNullable<StoredFields["action"]>): ActionFields {
  const { actionTypeId, objectIds, executedBy, omittedObjectCount } = stored;
  return { actionTypeId, objectIds, executedBy, omittedObjects: omittedObjectCount };
}
